"""Queue what we say: compose it for the channel, store it, and wake the deliveries of its conversation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from trinity_channels.api import Channel
from trinity_channels.outbound.compose import compose, plain
from trinity_channels.store import Tx, messages
from trinity_channels.store.conversation_state import ConversationState

_COMMAND = re.compile(r"(?<!\S)/(login|logout|whoami|help|human)\b")


def parts(manifest: Channel, markdown: str, *, before: str = "", after: str = "") -> list[str]:
    """Markdown as provider messages.

    `before` and `after` are the host's own words, plain text, which go out with it: every message may be billed.
    """
    return compose(
        markdown,
        manifest.dialect,
        manifest.limits.text,
        entities=manifest.limits.entities,
        before=_spoken(manifest, before),
        after=_spoken(manifest, after),
    )


def queue(
    tx: Tx,
    state: ConversationState,
    text: str,
    composed: Sequence[str],
    *,
    origin: str,
    now: datetime,
    stranger: int | None = None,
    answers: int | None = None,
) -> int:
    """Within a transaction: store a text with its composed parts and wake their delivery; returns the message's id.

    `stranger` is the contact without a verified e-mail for whom the host says it, `answers` the message that it answers.
    """
    message = messages.queue(tx, state, text, composed, origin, now, stranger=stranger, answers=answers)
    tx.wake(f"deliver:{state.conversation}")
    return message


def notice(manifest: Channel, text: str) -> tuple[str, list[str]]:
    """A sentence of the host's own as it is said on a channel, and that as provider messages."""
    spoken = _spoken(manifest, text)
    return spoken, plain(spoken, manifest.dialect, manifest.limits.text)


def _spoken(manifest: Channel, text: str) -> str:
    """With commands as they are typed on the channel."""
    return _COMMAND.sub(lambda found: manifest.command_mark + found[1], text)


def closes_at(manifest: Channel, last_inbound_at: datetime) -> datetime | None:
    """When free text may no longer be sent in a conversation; None if the channel has no reply window."""
    return None if manifest.reply_window is None else last_inbound_at + manifest.reply_window


def why_closed(manifest: Channel, at: datetime) -> str:
    """Why free text is refused since `at`, in words."""
    hours = (manifest.reply_window or timedelta(0)) // timedelta(hours=1)
    return (
        f"{manifest.title} takes free text only for {hours} hours after the person wrote; "
        f"that time ended at {at:%Y-%m-%d %H:%M} UTC. It begins again when they write."
    )


def window_open(manifest: Channel, state: ConversationState, now: datetime) -> bool:
    """Whether free text may still be sent in a conversation."""
    return not window_closed(manifest, state.last_inbound_at, now)


def window_closed(manifest: Channel, last_inbound_at: datetime, now: datetime) -> str:
    """Why a turn cannot be answered now, for the operator; empty if free text may be sent."""
    closing = closes_at(manifest, last_inbound_at)
    if closing is None or now < closing:
        return ""
    return (
        f"the reply window of {manifest.title} closed at {closing:%Y-%m-%d %H:%M} UTC; "
        "resubmit the turn when the person has written again"
    )
