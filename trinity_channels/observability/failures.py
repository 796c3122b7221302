"""What a log says of work that fails and is repeated: its cause, once, and not again with every attempt."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from datetime import datetime, timedelta

REPEATED = timedelta(hours=1)
"""When a failure with the same cause is reported again."""
_LONGEST = 500


def cause_of(error: BaseException) -> str:
    """An error and those that led to it, such as `ProviderUnavailable: No answer. ← ConnectTimeout`.

    Its text is for logs, which mask it, and is cut after 500 characters.
    """
    return " ← ".join(_one(each) for each in _chain(error))[:_LONGEST]


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _one(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class Failures:
    """Decides which failures are worth a line; `work` names what failed, and is forgotten once it works."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._last: dict[Hashable, tuple[str, datetime]] = {}

    def is_news(self, work: Hashable, cause: str) -> bool:
        """Note a failure; whether it is the first one, has another cause than the last, or was told an hour ago."""
        now = self._now()
        known = self._last.get(work)
        # abs: the clock may be set back, and then nothing would be reported until it has caught up.
        if known and known[0] == cause and abs(now - known[1]) < REPEATED:
            return False
        self._last[work] = cause, now
        return True

    def ended(self, work: Hashable) -> bool:
        """Note that something works; whether it failed before."""
        return self._last.pop(work, None) is not None
