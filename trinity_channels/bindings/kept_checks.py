"""Checks as they are stored: what a provider, or a probe, has said when it was last asked, by whichever process."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from trinity_channels.api import Check, CheckState, FixAction


@dataclass(frozen=True, slots=True)
class Verified:
    """What the provider said when it was last asked whether a binding works."""

    at: datetime
    checks: tuple[Check, ...]


def dumped(checks: Iterable[Check]) -> str:
    """As text."""
    return json.dumps([[one.code, one.state, one.message, one.fix, list(one.actions)] for one in checks])


def loaded(text: str) -> tuple[Check, ...]:
    """What was stored; nothing if another version has stored what this one does not know."""
    try:
        return tuple(
            Check(code, CheckState(state), message, fix, tuple(map(FixAction, actions)))
            for code, state, message, fix, actions in json.loads(text)
        )
    except (TypeError, ValueError):
        return ()
