"""What was noticed in between, by the watch over quiet channels and by the plugin."""

from __future__ import annotations

from collections.abc import Iterator

from trinity_channels.api import Check, CheckState, FixAction
from trinity_channels.bindings.checks.known import Known, spoken
from trinity_channels.store.notices import RETIRED_ADDRESS, WEBHOOK_TO_SET, WITHHELD

_ACTIONS = {
    "quiet": (FixAction.PROBE, FixAction.SEE_WEBHOOK),
    "account": (FixAction.VERIFY, FixAction.EDIT),
    "provider_check": (FixAction.VERIFY, FixAction.EDIT),
}
"""By the code of an alert."""
_HAVE_CHECKS = {"signature", "connection"}
"""Alerts that a check of their own explains."""
_OWN_CHECKS = {RETIRED_ADDRESS, WEBHOOK_TO_SET, *WITHHELD.values()}
"""Notices that a check of their own explains."""


def alerted(known: Known) -> Iterator[Check]:
    """The open alerts that are not checks of their own."""
    for one in known.alerted:
        if one.code == "quiet":  # unusual, but perhaps people are on holiday
            yield Check(one.code, CheckState.WARNING, one.cause, one.fix, _ACTIONS[one.code])
        elif one.code not in _HAVE_CHECKS:
            yield Check(one.code, CheckState.FAILED, one.cause, one.fix, _ACTIONS.get(one.code, ()))


def told(known: Known) -> Iterator[Check]:
    """What the plugin found in webhooks that the owner has to act on; its words say how."""
    for one in known.told:
        # Two entries about one thing would look like two faults.
        if one.code not in _OWN_CHECKS:
            yield Check(one.code, CheckState.WARNING, f"{one.detail} The last one came at {spoken(one.at)}.")
