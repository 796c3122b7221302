"""What the host may know of the echo channel before it is used."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from trinity_channels.api import (
    AddressFormat,
    Capabilities,
    Channel,
    DeliveryState,
    Dialect,
    FieldHint,
    Limits,
    SetupStep,
)

LIMIT = 1000


class EchoSettings(BaseModel):
    """What an owner enters."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, str_strip_whitespace=True)

    account: str = Field(min_length=1, max_length=100)
    token: SecretStr = Field(min_length=8, max_length=100)
    # Which of these are needed depends on the way of receiving messages, and `configure` says so.
    signing_secret: SecretStr | None = Field(None, min_length=8, max_length=100)
    signing_secret_secondary: SecretStr | None = None
    inbox: str | None = Field(None, min_length=1, max_length=100)


MANIFEST = Channel(
    name="echo",
    title="Echo",
    provider="echo",
    settings=EchoSettings,
    limits=Limits(text=LIMIT),
    dialect=Dialect(bold=("*", "*"), code=("`", "`"), fence=("```\n", "\n```")),
    capabilities=Capabilities(
        indicate=10,
        indicate_ends=True,
        receipts=DeliveryState.READ,
        find_sent=5,
        idempotent=timedelta(days=1),
        list_missed=timedelta(days=1),
        listen=True,
        register_webhook=True,
        unregister_webhook=True,
        resolve_quoted=True,
        simulator=True,
        groups=True,
        verified_email=True,
    ),
    address=AddressFormat("to", r"echo:(\d{6}|g\d+)", "echo:100001", person=r"echo:\d{6}"),
    form={
        "signing_secret": FieldHint(only="webhook"),
        "signing_secret_secondary": FieldHint(only="webhook"),
        "inbox": FieldHint(only="listen"),
    },
    setup_steps=(SetupStep("Copy the token", "Echo's console shows it beside the account."),),
)
