"""The state of the connection of a binding that listens, as the process that holds it stores it for the others."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels.store import Tx, notices

STALE = timedelta(minutes=3)
"""After which a state does not count any more: it is stored again each minute while something listens."""


@dataclass(frozen=True, slots=True)
class Listening:
    """How the connection is.

    Attributes:
        connected_since: None while there is none.
        failing_since: since when it fails, or fails again and again; None if it does not.
        error: why it failed last; empty if it did not.
        refused: that the provider refused the credentials: it is tried again rarely.
        made: that it was made since the settings were entered.
        unattended: that no process has looked after it for a while.
        next_try: when it is tried again; None while it is connected, or being connected.
    """

    connected_since: datetime | None = None
    failing_since: datetime | None = None
    error: str = ""
    refused: bool = False
    next_try: datetime | None = None
    made: bool = False
    unattended: bool = False


def put(tx: Tx, binding: int, state: Listening, owner: str, now: datetime) -> None:
    """Store a state; `owner` is the listener's that has it."""
    times = (state.connected_since, state.failing_since, state.next_try)
    detail = json.dumps([*(one and one.isoformat() for one in times), state.error, state.refused, state.made, owner])
    notices.put(tx, binding, notices.LISTENING, detail, now)


def of(tx: Tx, binding: int, now: datetime) -> Listening:
    """The state of a binding as it counts now; nothing is known of one that was not tried yet."""
    found, at = notices.listening(tx, binding), stored(tx, binding)
    if found is None or now - found.at < STALE:
        return at
    return Listening(
        failing_since=at.failing_since or found.at,
        error="No process that does this host's work has fetched messages since then.",
        refused=at.refused,
        made=at.made,
        unattended=True,
    )


def owner(tx: Tx, binding: int) -> str:
    """The listener that has stored the state; empty if there is none."""
    found = notices.listening(tx, binding)
    try:
        return str(json.loads(found.detail)[-1]) if found else ""
    except ValueError:
        return ""


def stored(tx: Tx, binding: int) -> Listening:
    """The state as it was stored last; an empty one of what another version has stored."""
    found = notices.listening(tx, binding)
    try:
        if found is None:
            return Listening()
        connected, failing, next_try, error, refused, made, _ = json.loads(found.detail)
        return Listening(_time(connected), _time(failing), str(error), bool(refused), _time(next_try), bool(made))
    except (TypeError, ValueError):
        return Listening()


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
