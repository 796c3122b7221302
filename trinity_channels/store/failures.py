"""What the store raises when its database cannot be used."""

from __future__ import annotations

from pathlib import Path


class StoreError(Exception):
    """The database cannot be used; the text names what to change. Nothing was written."""


class Locked(StoreError):
    """Another process serves this database file."""


def cannot_be_opened(path: Path, error: BaseException) -> StoreError:
    """The error for a file that SQLite does not open, with what to do about it."""
    why = str(error)
    fix = ""
    if "not a database" in why or "malformed" in why:
        fix = " Restore the file from a backup, or name another one in TRINITY_CHANNELS_DATABASE_URL."
    elif "unable to open" in why or isinstance(error, OSError):
        fix = (
            " It must be a file in a folder that this user may write to; TRINITY_CHANNELS_DATABASE_URL and "
            "TRINITY_CHANNELS_HOME say where it is."
        )
    return StoreError(f"The database {path} cannot be opened: {why}.{fix}")
