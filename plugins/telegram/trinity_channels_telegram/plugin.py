"""The hooks. Each delegates to the module that implements it."""

from __future__ import annotations

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
    Receipt,
    Request,
    Sender,
    Simulator,
    Verification,
    hookimpl,
)
from trinity_channels_telegram import account, checks, inbound, listening, outbound, presence, webhook
from trinity_channels_telegram.manifest import MANIFEST


@hookimpl
def channel() -> Channel:
    """Describe the channel."""
    return MANIFEST


@hookimpl
async def configure(settings: BaseModel, ctx: Context) -> Account:
    """Ask the token whose bot it is."""
    return await account.open_account(settings, ctx)


@hookimpl
async def verify(binding: Binding, ctx: Context) -> Verification:
    """Look at the bot and at its webhook."""
    return await checks.run(binding, ctx)


@hookimpl
def receive(binding: Binding, request: Request) -> Inbound:
    """Compare the secret, then read the update."""
    return inbound.receive(binding, request)


@hookimpl
async def send(binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
    """Call `sendMessage`."""
    return await outbound.send(binding, message, ctx)


@hookimpl
async def resolve_identity(
    binding: Binding,  # noqa: ARG001 - the hook's signature
    sender: Sender,
    ctx: Context,  # noqa: ARG001 - the hook's signature
) -> Identity:
    """Repeat what the update said: Telegram tells bots no e-mail and no phone number."""
    return Identity(addresses=(sender.address,), name=sender.name)


@hookimpl
async def indicate(binding: Binding, message_id: str, ctx: Context) -> None:
    """Show that the bot types."""
    await presence.show_typing(binding, message_id, ctx)


@hookimpl
async def listen(binding: Binding, ctx: Context, deliver: Deliver) -> None:
    """Call `getUpdates` again and again."""
    await listening.listen(binding, ctx, deliver)


@hookimpl
async def register_webhook(binding: Binding, ctx: Context) -> None:
    """Point the bot here."""
    await webhook.register(binding, ctx)


@hookimpl
async def unregister_webhook(binding: Binding, ctx: Context) -> None:
    """Take the bot's webhook back, if it is ours."""
    await webhook.unregister(binding, ctx)


@hookimpl
def simulator(ctx: Context) -> Simulator:
    """Make a Bot API that runs on this machine."""
    from trinity_channels_telegram.simulator import TelegramSimulator  # noqa: PLC0415 - only demos and tests need it

    return TelegramSimulator(ctx)
