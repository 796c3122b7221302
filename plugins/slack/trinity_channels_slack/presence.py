"""Eyes on a message while the agent works, where other networks show that the agent is typing.

https://docs.slack.dev/reference/methods/reactions.add — Slack cannot show typing over HTTP, and a thread's status
(assistant.threads.setStatus) shows in threads only and is on its way out. The reaction stays: it says "seen".
"""

from __future__ import annotations

from trinity_channels.api import Binding, Context, ProviderUnavailable
from trinity_channels.api.http import CallError
from trinity_channels_slack.addresses import split_message_id
from trinity_channels_slack.client import Client, Refused, reading_error
from trinity_channels_slack.settings import settings_of

DEADLINE = 5.0
EYES = "eyes"


async def show_seen(binding: Binding, message_id: str, ctx: Context) -> None:
    """React to the message; errors as the hook `indicate` promises."""
    found = split_message_id(message_id)
    if found is None:
        raise ProviderUnavailable("This is not a Slack message.")
    channel, ts = found
    try:
        await Client(settings_of(binding), ctx, deadline=DEADLINE).reactions_add(
            channel=channel, timestamp=ts, name=EYES
        )
    except CallError as error:
        # A repeated turn shows it again.
        if not (isinstance(error, Refused) and error.code == "already_reacted"):
            raise reading_error(error) from None
