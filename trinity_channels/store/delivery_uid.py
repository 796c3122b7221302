"""The ids that providers know deliveries by: UUIDs in the order of time, which an index takes at its end."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_VERSION, _VARIANT = 7, 0b10


def made(now: datetime) -> str:
    """A new id (https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7): 74 of its bits are random."""
    high = ((now - _EPOCH) // _MILLISECOND) << 16 | _VERSION << 12 | secrets.randbits(12)
    return str(UUID(int=high << 64 | _VARIANT << 62 | secrets.randbits(62)))


def made_at(uid: str) -> datetime | None:
    """When an id was made, which is when its delivery was first attempted; None for those of earlier versions."""
    try:
        known = UUID(uid)
    except ValueError:
        return None
    return _EPOCH + (known.int >> 80) * _MILLISECOND if known.version == _VERSION else None
