"""Turns that come late: what their answers begin with, and which of them are left to the owner."""

from __future__ import annotations

from datetime import datetime

from trinity_channels import texts
from trinity_channels.api import Channel
from trinity_channels.outbound import preface, replies
from trinity_channels.outbound.lateness import Lateness
from trinity_channels.store import Tx, conversation_state
from trinity_channels.store.conversation_state import ConversationState, Message, OpenTurn


def parked(lateness: Lateness, manifest: Channel, state: ConversationState, turn: OpenTurn, now: datetime) -> str:
    """Why a turn is left to the owner; empty if it may be answered now."""
    if lateness.is_stale(turn.waits_since, now):
        return lateness.parked()
    # An answer that the provider would refuse is not worth a run of the agent.
    return replies.window_closed(manifest, state.last_inbound_at, now)


def reminder(lateness: Lateness, oldest: Message, now: datetime) -> str:
    """What a late answer begins with; empty if it is not late."""
    return preface.about(oldest) if lateness.is_late(oldest.at, now) else ""


def apology(tx: Tx, lateness: Lateness, state: ConversationState, turn: OpenTurn, now: datetime) -> str:
    """What a person hears of a turn that is given up: after an hour, which message that is about.

    After a day only if nothing else waits in the conversation: however many messages an outage has left there, they are
    not answered one by one.
    """
    if lateness.is_stale(turn.waits_since, now) and state.waiting:
        return ""
    oldest = conversation_state.of_turn(tx, turn.id)[0]
    return preface.unanswered(oldest) if lateness.is_late(oldest.at, now) else texts.APOLOGY
