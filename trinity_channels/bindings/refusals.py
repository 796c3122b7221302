"""What owners are told when an account cannot be connected, or is not."""

from __future__ import annotations

from trinity_channels.refusal import Refusal


class AccountInUse(Refusal):
    """The provider account is connected to another agent; it is named to those only who may manage it."""

    def __init__(self, agent: str | None) -> None:
        other = f"your agent {agent}" if agent else "another agent"
        super().__init__(
            "account_in_use",
            f"This account is connected to {other}. Each agent needs an account of its own: disconnect it there first, or "
            "use another account.",
            extra={"agent": agent} if agent else None,
        )


class WebhookElsewhere(Refusal):
    """The provider posts to another webhook, which is not replaced without asking."""

    def __init__(self, channel: str, host: str) -> None:
        super().__init__(
            "webhook_elsewhere",
            f"{channel} posts to another webhook at present, at {host}. If it is replaced, what receives the messages there "
            "stops receiving them; ask for that with replace.",
            extra={"elsewhere": host},
        )


class NotConnected(Refusal):
    """There is no connected binding; `channel` is the channel's title."""

    def __init__(self, channel: str) -> None:
        super().__init__("not_connected", f"{channel} is not connected to this agent.")


class NoWebhook(Refusal):
    """The binding listens, so there is no webhook to do something with; `channel` is the channel's title."""

    def __init__(self, channel: str) -> None:
        super().__init__(
            "no_webhook",
            f"This host fetches the messages of {channel} itself, so there is no webhook. To receive by webhook, change the "
            "way in the channel's settings.",
        )
