"""The hooks. Each delegates to the module that implements it.

The modules are imported when they are first needed: `twilio`, with the `requests` it brings, costs 5 MB, which listing the
plugins must not.
"""
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pydantic import BaseModel

from trinity_channels.api import (
    Account,
    Binding,
    Channel,
    Context,
    Identity,
    Inbound,
    MessageReceived,
    OutboundMessage,
    Receipt,
    Request,
    Sender,
    Simulator,
    Verification,
    hookimpl,
)
from trinity_channels_whatsapp.manifest import MANIFEST


@hookimpl
def channel() -> Channel:
    """Describe the channel."""
    return MANIFEST


@hookimpl
async def configure(settings: BaseModel, ctx: Context) -> Account:
    """Open the account once, with the credentials as they were entered."""
    from trinity_channels_whatsapp import account

    return await account.open_account(settings, ctx)


@hookimpl
async def verify(binding: Binding, ctx: Context) -> Verification:
    """Look at the account and at the sender's webhook."""
    from trinity_channels_whatsapp import checks

    return await checks.run(binding, ctx)


@hookimpl
def receive(binding: Binding, request: Request) -> Inbound:
    """Check the signature, then read the form."""
    from trinity_channels_whatsapp import inbound

    return inbound.receive(binding, request)


@hookimpl
async def send(binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
    """Create one Message resource."""
    from trinity_channels_whatsapp import outbound

    return await outbound.send(binding, message, ctx)


@hookimpl
async def resolve_identity(
    binding: Binding,  # noqa: ARG001 - the hook's signature
    sender: Sender,
    ctx: Context,  # noqa: ARG001 - the hook's signature
) -> Identity:
    """Repeat what the webhook said: Twilio has no directory of people."""
    addresses = dict.fromkeys(address for address in (sender.address, sender.stable) if address)
    return Identity(addresses=tuple(addresses), name=sender.name)


@hookimpl
async def indicate(binding: Binding, message_id: str, ctx: Context) -> None:
    """Tick the message blue and show that the agent is typing."""
    from trinity_channels_whatsapp import presence

    await presence.show_typing(binding, message_id, ctx)


@hookimpl
async def find_sent(
    binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
) -> Receipt | None:
    """Look for a message in the account's list."""
    from trinity_channels_whatsapp import readback

    return await readback.find(binding, message, attempted_at, known, ctx)


@hookimpl
async def list_missed(binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
    """List what the webhook did not bring."""
    from trinity_channels_whatsapp import missed

    return await missed.list_since(binding, since, ctx)


@hookimpl
async def register_webhook(binding: Binding, ctx: Context) -> None:
    """Point the registered sender here."""
    from trinity_channels_whatsapp import webhook

    await webhook.register(binding, ctx)


@hookimpl
def simulator(ctx: Context) -> Simulator:
    """Make a Twilio that runs on this machine."""
    from trinity_channels_whatsapp.simulator import TwilioSimulator

    return TwilioSimulator(ctx)
