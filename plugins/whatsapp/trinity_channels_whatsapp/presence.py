"""The typing indicator: ticks a message blue and shows "typing" until the reply arrives, 25 seconds at most.

https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource
"""

from __future__ import annotations

from trinity_channels.api import Binding, Context
from trinity_channels_whatsapp.client import open_client, read
from trinity_channels_whatsapp.settings import settings_of

DEADLINE = 5.0


async def show_typing(binding: Binding, message_id: str, ctx: Context) -> None:
    """Ask Twilio to show it; errors as the hook `indicate` promises."""
    settings = settings_of(binding)
    client, _ = open_client(settings, ctx, deadline=DEADLINE)
    indicator = client.messaging.v2.typing_indicator
    await read(indicator.create_async(channel="whatsapp", message_id=message_id), settings)
