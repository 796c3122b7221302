"""The limits that an administrator can change while the host runs: a stored one wins over the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cached_property
from typing import Self

from trinity_channels.authorisation import administrator
from trinity_channels.observability.log import get_logger
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, audit, settings
from trinity_channels.store.news import Subject

log = get_logger(__name__)

_STORED = "limit:"
"""What the names of the stored settings begin with."""


@dataclass(frozen=True)
class LimitValues:
    """The limits; named and explained as in `Settings`."""

    keep_bodies_days: int
    email_lifetime_days: int
    late_after_hours: float
    park_after_hours: float
    disclose_after_hours: float
    notices_per_contact: int
    notices_per_binding: int

    @classmethod
    def of(cls, configured: object) -> Self:
        """Those of the settings."""
        return cls(**{one.name: getattr(configured, one.name) for one in fields(cls)})

    # Made once: every message asks for some of them.

    @cached_property
    def late(self) -> timedelta:
        """The age from which an answer says what it refers to."""
        return timedelta(hours=self.late_after_hours)

    @cached_property
    def stale(self) -> timedelta:
        """The age from which nothing is sent that the owner has not asked for."""
        return timedelta(hours=self.park_after_hours)

    @cached_property
    def silence(self) -> timedelta:
        """The silence after which people are told again that an AI agent answers."""
        return timedelta(hours=self.disclose_after_hours)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a limit may be. `unit` is how people read it."""

    least: float
    most: float
    whole: bool
    unit: str

    @property
    def kind(self) -> str:
        """What kind of number it is, in words."""
        return "a whole number" if self.whole else "a number"

    def hold(self, value: float) -> bool:
        """Whether it may be this value; what is not a number may not."""
        return self.least <= value <= self.most and (not self.whole or value == int(value))


_DAYS = Bounds(1, 3650, whole=True, unit="days")
_HOURS = Bounds(0.01, 8760, whole=False, unit="hours")
_MESSAGES = Bounds(1, 1_000_000, whole=True, unit="messages an hour")
BOUNDS: Mapping[str, Bounds] = {
    "keep_bodies_days": _DAYS,
    "email_lifetime_days": _DAYS,
    "late_after_hours": _HOURS,
    "park_after_hours": _HOURS,
    "disclose_after_hours": _HOURS,
    "notices_per_contact": _MESSAGES,
    "notices_per_binding": _MESSAGES,
}
"""By name, as the settings bound them."""


@dataclass(frozen=True, slots=True)
class LimitSetting:
    """One limit. `value` counts; `configured` counts if nothing is stored."""

    name: str
    value: float
    configured: float
    stored: bool


class LimitRefused(Refusal):
    """A limit cannot be this; `field` names it."""

    def __init__(self, name: str) -> None:
        bounds = BOUNDS[name]
        message = f"{name} must be {bounds.kind} from {bounds.least:g} to {bounds.most:.0f}."
        super().__init__("invalid_input", message, field=name)


class Limits:
    """Holds them in memory.

    Attributes:
        values: the limits as they are now; replaced as a whole.
    """

    def __init__(self, store: Store, configured: LimitValues, now: Callable[[], datetime]) -> None:
        self._store = store
        self._configured = configured
        self._now = now
        self._stored: Mapping[str, float] = {}
        self.values = configured
        store.read_on_news(Subject.LIMITS, self.load)

    async def load(self) -> None:
        """Read what is stored.

        Raises:
            StoreError: the database cannot be read.
        """
        self._stored = stored = await self._store.read(_stored)
        every = {one.name: getattr(self._configured, one.name) for one in fields(LimitValues)}
        self.values = LimitValues(**{**every, **stored})

    def settings(self, principal: Principal) -> list[LimitSetting]:
        """Every limit.

        Raises:
            Refusal: the principal is not an administrator.
        """
        administrator(principal)
        return [
            LimitSetting(name, getattr(self.values, name), getattr(self._configured, name), name in self._stored)
            for name in BOUNDS
        ]

    async def change(self, principal: Principal, changes: Mapping[str, float | None]) -> list[LimitSetting]:
        """Store limits, on record; None removes a stored one, so that the settings count again.

        Raises:
            Refusal: the principal is not an administrator.
            LimitRefused: a limit is out of bounds; nothing is changed.
        """
        administrator(principal)
        for name, value in changes.items():
            if value is not None and not BOUNDS[name].hold(value):
                raise LimitRefused(name)
        now = self._now()

        def change(tx: Tx) -> None:
            for name, value in changes.items():
                # An empty one stands for none: settings are never deleted.
                settings.put(tx, f"{_STORED}{name}", "" if value is None else f"{value:g}")
            if changes:
                audit.add(tx, now, principal.actor, "set_limits", details=dict(changes))
            tx.tell(Subject.LIMITS)

        await self._store.write(change)
        return self.settings(principal)


def _stored(tx: Tx) -> Mapping[str, float]:
    """What is stored and can be used; another version may have stored what this one does not take."""
    found: dict[str, float] = {}
    for name, bounds in BOUNDS.items():
        text = settings.get(tx, f"{_STORED}{name}")
        if not text:
            continue
        try:
            value = int(text) if bounds.whole else float(text)
        except ValueError:
            log.warning("stored limit ignored", limit=name)
            continue
        if bounds.hold(value):
            found[name] = value
    return found
