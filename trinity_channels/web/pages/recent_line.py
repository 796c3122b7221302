"""One of the last messages of a channel, for templates."""

from __future__ import annotations

from urllib.parse import quote

from trinity_channels.people.recent_messages import RecentMessage
from trinity_channels.store.states import OutboxState
from trinity_channels.web.pages.channel_view import ChannelView
from trinity_channels.web.pages.message_words import ORIGINS, RECEIVED, SENT, reason


class RecentLine:
    """What a row shows. Attributes: `message`, and the channel's `view`."""

    def __init__(self, view: ChannelView, message: RecentMessage) -> None:
        self.view = view
        self.message = message

    @property
    def what(self) -> str:
        """What kind of message it is: "Answer, 2 parts"."""
        kind = ORIGINS.get(self.message.origin, "Message")
        return f"{kind}, {self.message.parts} parts" if self.message.parts > 1 else kind

    @property
    def state(self) -> tuple[str, str]:
        """The kind and the words of the badge for what became of it."""
        state = self.message.state
        return SENT[state] if isinstance(state, OutboxState) else RECEIVED[state]

    @property
    def failure(self) -> str:
        """Why it did not arrive, with the provider's code; empty if it did, or still may."""
        if self.message.state not in (OutboxState.FAILED, OutboxState.UNKNOWN):
            return ""
        return reason(self.message.failure, self.message.failure_code)

    @property
    def path(self) -> str:
        """The page that shows it; empty if there is none."""
        if self.message.origin == "test" and self.message.delivery is not None:
            return f"{self.view.path}/test/{self.message.delivery}"
        if self.message.conversation is None:
            return ""
        return f"/agents/{quote(self.view.agent, safe='')}/conversations/{self.message.conversation}"
