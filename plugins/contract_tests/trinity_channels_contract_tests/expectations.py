"""How a check ends: kept, broken with something to look at, or not applicable."""

from __future__ import annotations

from typing import NoReturn

NOT_APPLICABLE = "not applicable"
"""How the reason of a skipped check begins."""


class BrokenPromise(AssertionError):
    """A promise of the contract is broken. The text names the hook, the promise, what was seen, and what to do."""


class Seen(Exception):
    """What a check saw that the contract forbids; the check's frame turns it into a `BrokenPromise`."""


class NotApplicable(Exception):
    """The promise is about something that the plugin does not declare, or that its simulator cannot show."""


def broken(what: str) -> NoReturn:
    """End the check: this was seen, and must not be."""
    raise Seen(what)


def expect(kept: object, what: str) -> None:
    """End the check unless `kept`; `what` says what was seen instead."""
    if not kept:
        broken(what)


def short(value: object, limit: int = 300) -> str:
    """A value as it stands in a failure."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[:limit]}…"


def told(error: BaseException) -> str:
    """An exception as it stands in a failure."""
    return f"{type(error).__name__}: {error}"[:300]
