"""What stands in place of an event that could not be read."""

from __future__ import annotations

from trinity_channels.api.errors import MalformedPayload
from trinity_channels.api.messages import Malformed


def unreadable(error: Exception) -> Malformed:
    """The event whose reading has raised an error, whatever it is, so that no other one waits for it."""
    if isinstance(error, MalformedPayload):
        return Malformed(error.message)
    return Malformed(f"The plugin could not read it ({type(error).__name__}).", error)
