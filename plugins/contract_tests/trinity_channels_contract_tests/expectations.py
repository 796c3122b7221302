"""How a check ends: kept, broken with something to look at, or not applicable."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import NoReturn

NOT_APPLICABLE = "not applicable"
IMPOSSIBLE = "the provider has none"
"""How the reasons of skipped checks begin: not declared, or nothing that could be."""


class BrokenPromise(AssertionError):
    """A promise of the contract is broken. The text names the hook, the promise, what was seen, and what to do."""


class Seen(Exception):
    """What a check saw that the contract forbids; the check's frame turns it into a `BrokenPromise`.

    `fix` says what to do, where the check's own words do not fit; `aspect` is what can be exempted alone.
    """

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.fix = fix
        self.aspect = ""

    def also(self, what: str) -> None:
        """Add what else was the case."""
        self.args = (f"{self}; {what}",)


class NotApplicable(Exception):
    """The promise is about something that the plugin does not declare, or that its simulator cannot show."""


class Aspects:
    """What of a check can be exempted alone, such as captions of files."""

    def __init__(self, exempt: Collection[str] = ()) -> None:
        self._exempt = set(exempt)
        self._met: set[str] = set()
        self._needed: set[str] = set()

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """What is broken in this block belongs to the aspect of that name."""
        self._met.add(name)
        try:
            yield
        except Seen as seen:
            if name not in self._exempt:
                seen.aspect = seen.aspect or name
                raise
            self._needed.add(name)

    def are_needed(self) -> None:
        """End the check if an exemption was not needed, or names nothing."""
        for name in sorted(self._exempt - self._needed):
            if name in self._met:
                broken(f"[{name}] is kept, so its exemption is not needed", "Remove the exemption.")
            aspects = ", ".join(sorted(self._met)) or "none"
            broken(
                f"[{name}] is exempt, and the check's aspects are: {aspects}", "Name one of them, or exempt nothing."
            )


class Impossible(NotApplicable):
    """The promise is about something that the provider does not have, for the reason that the author gives."""


def broken(what: str, fix: str = "") -> NoReturn:
    """End the check: this was seen, and must not be; `fix` where the check's own words do not fit."""
    raise Seen(what, fix)


def expect(kept: object, what: str, fix: str = "") -> None:
    """End the check unless `kept`; `what` says what was seen instead."""
    if not kept:
        broken(what, fix)


def short(value: object, limit: int = 300) -> str:
    """A value as it stands in a failure."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def told(error: BaseException) -> str:
    """An exception as it stands in a failure."""
    return f"{type(error).__name__}: {error}"[:300]
