"""The typing indicator: five seconds at most, and gone with our next message.

https://core.telegram.org/bots/api#sendchataction
"""

from __future__ import annotations

from trinity_channels.api import Binding, ChannelError, Context, http
from trinity_channels_telegram import client
from trinity_channels_telegram.addresses import place_of
from trinity_channels_telegram.settings import settings_of

# As long as the indicator would be shown; a later one would be useless.
DEADLINE = 5.0


async def show_typing(binding: Binding, message_id: str, ctx: Context) -> None:
    """Show it where the message was written; errors as the hook `indicate` promises."""
    if (place := place_of(message_id)) is None:
        raise ChannelError("This is not a Telegram message.")
    try:
        await client.call(
            settings_of(binding), ctx, "sendChatAction", {**place.parameters, "action": "typing"}, deadline=DEADLINE
        )
    except http.CallError as error:
        raise ChannelError(f"Telegram did not show that the bot types ({error}).") from None
