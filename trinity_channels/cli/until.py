"""The option `--expires`: a date, a time, or how long from now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_FROM_NOW = re.compile(r"([0-9]{1,4})([hdw])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def until(text: str, now: datetime) -> datetime | None:
    """The time that is meant, None for an empty text. A date ends with its day, in UTC.

    Raises:
        typer.BadParameter: saying what is understood.
    """
    text = text.strip()
    if not text:
        return None
    if long := _FROM_NOW.fullmatch(text):
        return now + timedelta(**{_UNITS[long[2]]: int(long[1])})
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return at + timedelta(days=1) if _DATE.fullmatch(text) else at
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            "Give how long from now (12h, 90d, 52w), a date (2027-01-31), or a time in UTC (2027-01-31T09:00).",
            param_hint="--expires",
        ) from None
