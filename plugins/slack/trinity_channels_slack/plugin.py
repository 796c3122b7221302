"""The hooks. Each delegates to the module that implements it.

The modules are imported when they are first needed: `slack_sdk` costs 0.4 s and 28 MB, which listing the plugins must not.
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
    Deliver,
    Identity,
    Inbound,
    OutboundMessage,
    Quoted,
    Receipt,
    Request,
    Sender,
    Simulator,
    Verification,
    hookimpl,
)
from trinity_channels_slack.manifest import MANIFEST


@hookimpl
def channel() -> Channel:
    """Describe the channel."""
    return MANIFEST


@hookimpl
async def configure(settings: BaseModel, ctx: Context, listens: bool = False) -> Account:
    """Ask Slack whose token this is."""
    from trinity_channels_slack import account

    return (await account.open_account(settings, ctx, listens=listens)).account


@hookimpl
async def verify(binding: Binding, ctx: Context) -> Verification:
    """Look at the token, its workspace and its scopes."""
    from trinity_channels_slack import checks

    return await checks.run(binding, ctx)


@hookimpl
def receive(binding: Binding, request: Request) -> Inbound:
    """Check the signature, then read the event."""
    from trinity_channels_slack import inbound

    return inbound.receive(binding, request)


@hookimpl
async def listen(binding: Binding, ctx: Context, deliver: Deliver) -> None:
    """Hold a connection for Socket Mode."""
    from trinity_channels_slack import listening

    await listening.listen(binding, ctx, deliver)


@hookimpl
async def send(binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
    """Post one message."""
    from trinity_channels_slack import outbound

    return await outbound.send(binding, message, ctx)


@hookimpl
async def resolve_identity(binding: Binding, sender: Sender, ctx: Context) -> Identity:
    """Ask Slack for the member's name and e-mail."""
    from trinity_channels_slack import identity

    return await identity.resolve(binding, sender, ctx)


@hookimpl
async def indicate(binding: Binding, message_id: str, ctx: Context) -> None:
    """Put eyes on the message."""
    from trinity_channels_slack import presence

    await presence.show_seen(binding, message_id, ctx)


@hookimpl
async def find_sent(
    binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
) -> Receipt | None:
    """Look for a message by the mark that `send` put on it."""
    from trinity_channels_slack import readback

    return await readback.find(binding, message, attempted_at, known, ctx)


@hookimpl
async def resolve_quoted(binding: Binding, message_id: str, ctx: Context) -> Quoted:
    """Read the root of a thread."""
    from trinity_channels_slack import quoting

    return await quoting.resolve(binding, message_id, ctx)


@hookimpl
def simulator(ctx: Context) -> Simulator:
    """Make a Slack that runs on this machine."""
    from trinity_channels_slack.simulator import SlackSimulator

    return SlackSimulator(ctx)
