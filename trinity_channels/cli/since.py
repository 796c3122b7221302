"""The option `--since`: a time, a date, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO = re.compile(r"([0-9]{1,5})([mhdw])")


def since(text: str, now: datetime) -> datetime | None:
    """The time that is meant, None for an empty text.

    Raises:
        typer.BadParameter: saying what is understood. A time without an offset is in UTC, as all times are printed.
    """
    if not text:
        return None
    if ago := _AGO.fullmatch(text.strip()):
        # At most five digits: a longer number would leave the calendar.
        return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        at = datetime.fromisoformat(text.strip())
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            "Give a date (2026-03-02), a time (2026-03-02T09:00, in UTC), or how long ago (90m, 24h, 7d).",
            param_hint="--since",
        ) from None
