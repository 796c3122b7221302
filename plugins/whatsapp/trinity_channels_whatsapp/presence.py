"""The typing indicator: ticks a message blue and shows "typing" until the reply arrives, 25 seconds at most.

https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource
"""

from __future__ import annotations

from trinity_channels.api import Binding, Context
from trinity_channels_whatsapp.client import Api
from trinity_channels_whatsapp.settings import settings_of

TYPING = "https://messaging.twilio.com/v2/Indicators/Typing.json"
# Best effort: the turn must not wait for it as long as for a send.
DEADLINE = 5.0


async def show_typing(binding: Binding, message_id: str, ctx: Context) -> None:
    """Ask Twilio to show it; errors as the hook `indicate` promises."""
    api = Api(settings_of(binding), ctx, deadline=DEADLINE)
    await api.read("POST", TYPING, data={"channel": "whatsapp", "messageId": message_id})
