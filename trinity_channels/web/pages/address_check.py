"""What the newest probes say about the public address, as one sentence, lamps, and causes with their fix."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from trinity_channels.api import Check, CheckState
from trinity_channels.bindings.public_address import Probed
from trinity_channels.web.pages.channel_lamps import Lamp

_LAMPS = (
    ("Name", ("dns",), "found"),
    ("Connection", ("connection", "tls"), "accepted, certificate valid"),
    ("Route", ("reached",), "leads to this host"),
    ("Unchanged", ("unchanged", "signature"), "nothing is altered"),
    ("Stored", ("stored",), "in the database"),
)
"""A lamp for each part of the way: its name, the legs that it stands for, what it says when they are right."""
_WARNED = {"tls": "not encrypted"}
_BAD = {
    "dns": "not found",
    "connection": "refused",
    "tls": "not secure",
    "reached": "ends elsewhere",
    "unchanged": "altered",
    "signature": "signature lost",
    "stored": "not stored",
}


class AddressCheck:
    """The newest probe of each channel in use, in their order; none before the first one."""

    def __init__(self, probed: Sequence[Probed]) -> None:
        self._probed = probed
        failed = [one for one in probed if one.failure]
        # Channels share the way up to their route; the one that fails first tells most.
        self._shown = min(failed, key=_reached, default=probed[0] if probed else None)

    @property
    def at(self) -> datetime | None:
        """When it was checked."""
        return self._shown.at if self._shown else None

    @property
    def failures(self) -> list[Check]:
        """Each cause once, with its fix."""
        every = [one.failure for one in self._probed if one.failure]
        return list({check.message: check for check in every}.values())

    @property
    def warnings(self) -> list[Check]:
        """What works, and is worth knowing."""
        every = [check for one in self._probed for check in one.checks if check.state is CheckState.WARNING]
        return list({check.message: check for check in every}.values())

    @property
    def notes(self) -> list[str]:
        """What a proxy changes without harm."""
        every = [one for probed in self._probed for one in probed.checks if one.code == "unchanged"]
        found = [check.message for check in every if check.state is CheckState.OK and " A proxy " in check.message]
        return list(dict.fromkeys(found))

    @property
    def lamps(self) -> list[Lamp]:
        """The way from the public address to the database."""
        if self._shown is None:
            return []
        found = {check.code: check for check in self._shown.checks}
        return [_lamp(name, [found[code] for code in codes], words) for name, codes, words in _LAMPS]


def _reached(probed: Probed) -> int:
    """How many legs were right."""
    return sum(check.state in (CheckState.OK, CheckState.WARNING) for check in probed.checks)


def _lamp(name: str, legs: Sequence[Check], words: str) -> Lamp:
    for leg in legs:
        if leg.state is CheckState.FAILED:
            return Lamp("bad", name, _BAD[leg.code])
    if any(leg.state is CheckState.UNKNOWN for leg in legs):
        return Lamp("off", name, "not reached")
    warned = next((leg for leg in legs if leg.state is CheckState.WARNING), None)
    return Lamp("warn", name, _WARNED[warned.code]) if warned else Lamp("good", name, words)
