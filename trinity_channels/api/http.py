"""What HTTP answers of any provider have in common: the pause that they ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_PAUSE = 86_400.0
"""Seconds; a longer pause is asked for by mistake, and would hold a message back indefinitely."""

# The first that can be read counts. The two in milliseconds are sent by OpenAI's and Azure's servers beside the
# standard one, which is then the rounded value. https://www.rfc-editor.org/rfc/rfc9110.html#field.retry-after
_HEADERS = {"retry-after-ms": 0.001, "x-ms-retry-after-ms": 0.001, "retry-after": 1.0}
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")
# Durations as Go and Protocol Buffers write them (1m30s, 7.66s, 250ms, 6m0s), and in words: 2 minutes.
_DURATION_PART = re.compile(
    r"([0-9]+(?:\.[0-9]+)?) ?(?:(ms)|(h)(?:ours?|r)?|(m)(?:in(?:ute)?s?)?|(s)(?:ec(?:ond)?s?)?)", re.IGNORECASE
)
_DURATION = re.compile(rf"(?:{_DURATION_PART.pattern} ?)+", re.IGNORECASE)
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read the pause that an answer asks for, in any form in use.

    Understood are `Retry-After` in seconds, with or without a fraction, as a date or as a duration like `1m30s`, and
    `retry-after-ms` and `x-ms-retry-after-ms` in milliseconds.

    Args:
        headers: of the answer; their names in any case, as in `httpx.Headers` or a plain dict.
        now: against which a date is counted; with a time zone.

    Returns:
        Seconds from `now`, 0 to 86400 (a longer pause is cut); None if no header names a pause that can be read.
    """
    found = {name.lower(): value for name, value in headers.items() if name.lower() in _HEADERS}
    for name, unit in _HEADERS.items():
        if name in found and (seconds := _seconds(found[name].strip(' \t"'), unit, now)) is not None:
            # A date in the past means now.
            return min(max(seconds, 0.0), LONGEST_PAUSE)
    return None


def _seconds(text: str, unit: float, now: datetime) -> float | None:
    first = text.partition(",")[0]  # a proxy may repeat the header, which joins both
    if _NUMBER.fullmatch(first):
        return float(first) * unit
    if _DURATION.fullmatch(text):
        return sum(float(number) * _UNITS["".join(names).lower()] for number, *names in _DURATION_PART.findall(text))
    moment = _date(text)
    return None if moment is None else (moment - now).total_seconds()


def _date(text: str) -> datetime | None:
    """A date of RFC 9110 or RFC 3339; without a time zone it is taken for UTC."""
    # RFC 9110 demands the first; some APIs send the second.
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
