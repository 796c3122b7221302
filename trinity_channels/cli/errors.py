"""Errors that an operator can fix, with the sentence to print. Error classes are imported only when they are needed."""
# ruff: noqa: PLC0415 - a command that works must not load what explains one that does not

from __future__ import annotations

from dataclasses import dataclass


class CommandFailed(Exception):
    """A command could not do what it was asked for; the text says why and what to change."""


@dataclass(frozen=True, slots=True)
class ExplainedError:
    """A sentence for standard error and the exit code: 2 for settings, 1 for everything else."""

    text: str
    code: int


def explained(error: Exception) -> ExplainedError | None:
    """The sentence for an error, None if it is a bug."""
    if isinstance(error, CommandFailed):
        return ExplainedError(str(error), 1)
    from trinity_channels.settings import SettingsError

    if isinstance(error, SettingsError):
        return ExplainedError(f"The settings cannot work:\n{error}", 2)
    from trinity_channels.access.first_token import FirstTokenError
    from trinity_channels.crypto.vault import VaultError
    from trinity_channels.refusal import Unavailable
    from trinity_channels.store import StoreError

    if isinstance(error, (StoreError, VaultError, FirstTokenError, Unavailable)):
        return ExplainedError(str(error), 1)
    return None
