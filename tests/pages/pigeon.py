"""A plugin that the host has never seen, with every kind of setting: pages have to be made from its manifest alone."""

from __future__ import annotations

from enum import StrEnum
from importlib.metadata import EntryPoint
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from trinity_channels.api import (
    Account,
    AddressFormat,
    Binding,
    Channel,
    Check,
    CheckState,
    ConfigurationError,
    Context,
    Dialect,
    Identity,
    Inbound,
    Limits,
    OutboundMessage,
    Receipt,
    Request,
    Sender,
    SetupStep,
    Verification,
    hookimpl,
)
from trinity_channels.plugins import Plugins, load

WRONG = "wrong-whistle-00"


class Wind(StrEnum):
    NORTH = "north"
    SOUTH = "south"


class PigeonSettings(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    loft: str = Field(title="Loft", description="Painted on its door.", pattern=r"L-\d{3}", examples=["L-123"])
    whistle: SecretStr = Field(title="Whistle", description="How the birds are called.", min_length=8)
    spare_whistle: SecretStr | None = Field(default=None, title="Spare whistle")
    plumage: Literal["white", "grey"] = Field(default="grey", title="Plumage")
    wind: Wind | None = Field(default=None, title="Wind")
    height: int | None = Field(default=None, title="Height", description="In metres.")
    nights: bool = Field(default=False, title="Flies at night")


@hookimpl
def channel() -> Channel:
    return Channel(
        name="pigeon",
        title="Pigeon Post",
        provider="pigeon",
        settings=PigeonSettings,
        limits=Limits(text=200),
        dialect=Dialect(),
        address=AddressFormat("loft", r"L-\d{3}", "L-321"),
        setup_steps=(
            SetupStep("Find the loft", "Read its number.", path=("Roof", "Left", "Door")),
            SetupStep("Hang up the ring", "Write the webhook URL on it.", connected=True),
            SetupStep(
                "Teach people", "They have to whistle once.", invitation="Whistle below loft {loft}, wind {wind}."
            ),
        ),
    )


@hookimpl
async def configure(settings: BaseModel, ctx: Context) -> Account:  # noqa: ARG001
    assert isinstance(settings, PigeonSettings)
    if settings.whistle.get_secret_value() == WRONG:
        raise ConfigurationError("No bird comes to this whistle.", field="whistle", refused=True)
    return Account(key=settings.loft, sender=settings.loft, display_name="Old loft")


@hookimpl
async def verify(binding: Binding, ctx: Context) -> Verification:  # noqa: ARG001
    return Verification(binding.account, (Check("credentials", CheckState.OK, "The birds come."),))


@hookimpl
def receive(binding: Binding, request: Request) -> Inbound:  # noqa: ARG001
    return Inbound(())


@hookimpl
async def send(binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:  # noqa: ARG001
    return Receipt(f"ring-{message.id}")


@hookimpl
async def resolve_identity(binding: Binding, sender: Sender, ctx: Context) -> Identity:  # noqa: ARG001
    return Identity((sender.address,))


def plugins() -> Plugins:
    """The host's plugins: this one alone."""
    return load([EntryPoint("pigeon", __name__, "trinity_channels")])
