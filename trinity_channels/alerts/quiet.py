"""Has a busy channel gone quiet? One rule over the hours in which people wrote.

Silence is compared with the same hours of each of the last seven days, and with the same hours one and two weeks before,
which covers nights and weekends. It is unusual if people wrote in at least ten conversations in each of the seven, or in
both of the weeks. If ten are expected and conversations begin independently, none at all happens by chance once in 22,000
times (e^-10). What is not known (the channel is new, or the host was not counting) is not compared, so that an alert needs
a week of history; time in which the host did not run is not silence.
"""

from __future__ import annotations

from collections.abc import Mapping

EXPECTED = 10
"""Conversations that each of the compared stretches must have had."""
_DAY = 24
_WEEK = 7 * _DAY
LONGEST = _WEEK
"""Hours of a silence that are looked at, the last ones."""
_COMPARED = (tuple(range(_DAY, _WEEK + 1, _DAY)), (_WEEK, 2 * _WEEK))


def is_unusual(hours: Mapping[int, int], silent_since: int, now: int) -> bool:
    """Whether a silence is one that chance does not explain.

    Args:
        hours: conversations in which people wrote, by hour; hours without any may be left out.
        silent_since: the hour of the last message, or the first one in which the host listened. It is not compared itself.
        now: the present hour, which is not over and not compared either.
    """
    if not hours:
        return False
    first, known = max(silent_since + 1, now - LONGEST), min(hours)
    if first >= now:
        return False
    return any(
        first - max(shifts) > known and all(_heard(hours, first - shift, now - shift) >= EXPECTED for shift in shifts)
        for shifts in _COMPARED
    )


def _heard(hours: Mapping[int, int], first: int, end: int) -> int:
    return sum(hours.get(hour, 0) for hour in range(first, end))
