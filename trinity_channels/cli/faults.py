"""Which errors an operator can mend, and what they are told: nothing here is imported before it is raised somewhere."""
# ruff: noqa: PLC0415 - a command that works must not load what explains one that does not

from __future__ import annotations

from dataclasses import dataclass


class CommandFailed(Exception):
    """A command could not do what it was asked for; the text says why and what to change."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A sentence for standard error and the exit code: 2 for settings, 1 for everything else."""

    text: str
    code: int


def explained(error: Exception) -> Fault | None:
    """The sentence for an error, None if it is a fault of ours."""
    if isinstance(error, CommandFailed):
        return Fault(str(error), 1)
    from trinity_channels.settings import SettingsError

    if isinstance(error, SettingsError):
        return Fault(f"The settings cannot work:\n{error}", 2)
    from trinity_channels.access.first_token import FirstTokenError
    from trinity_channels.bindings.vault import VaultError
    from trinity_channels.store import StoreError

    if isinstance(error, (StoreError, VaultError, FirstTokenError)):
        return Fault(str(error), 1)
    return None
