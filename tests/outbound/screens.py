"""What a person sees of an answer on each channel: the real dialects, and the screens of the simulators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trinity_channels.api import Channel
from trinity_channels.outbound import replies
from trinity_channels_slack.manifest import MANIFEST as SLACK
from trinity_channels_slack.simulator.rendering import rendered as shown_by_slack
from trinity_channels_telegram.manifest import MANIFEST as TELEGRAM
from trinity_channels_telegram.simulator import formats
from trinity_channels_whatsapp.manifest import MANIFEST as WHATSAPP
from trinity_channels_whatsapp.simulator.rendering import shown as shown_by_whatsapp


@dataclass(frozen=True)
class Screen:
    """One channel's dialect and limits, and how a message looks there."""

    manifest: Channel
    read: Callable[[str], str]

    def shows(self, markdown: str) -> str:
        """What is on the screen, all messages together."""
        return "\n".join(map(self.read, replies.parts(self.manifest, markdown)))


SCREENS = {
    "whatsapp": Screen(WHATSAPP, shown_by_whatsapp),
    "telegram": Screen(TELEGRAM, lambda text: formats.read({"text": text, "parse_mode": "HTML"})[0]),
    "slack": Screen(SLACK, lambda text: shown_by_slack(text, lambda member: f"member {member}")),
}
