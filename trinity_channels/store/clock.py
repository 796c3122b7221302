"""Times in the database are whole microseconds since 1970 UTC: short, sortable, the same in every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import overload

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@overload
def micros(at: datetime) -> int: ...
@overload
def micros(at: None) -> None: ...
def micros(at: datetime | None) -> int | None:
    """A time as it is stored."""
    # Whole numbers throughout: `timestamp()` is a float, and multiplied it may be off by one.
    return None if at is None else (at - EPOCH) // _MICROSECOND


@overload
def moment(stored: int) -> datetime: ...
@overload
def moment(stored: None) -> None: ...
def moment(stored: int | None) -> datetime | None:
    """A stored time, timezone-aware."""
    return None if stored is None else EPOCH + timedelta(microseconds=stored)
