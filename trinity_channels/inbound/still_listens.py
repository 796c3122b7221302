"""Whether a binding still listens, asked within a transaction."""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.bindings import Disconnected
from trinity_channels.store import Tx, bindings


@dataclass(frozen=True, slots=True)
class StillListens:
    """A binding, and the version of the settings with which it listens, as `bindings.listening` tells it."""

    binding: int
    version: int

    def __call__(self, tx: Tx) -> None:
        """Look.

        Raises:
            Disconnected: it was disconnected, receives by webhook, or has other settings.
        """
        if not bindings.listens(tx, self.binding, self.version):
            raise Disconnected
