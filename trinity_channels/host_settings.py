"""The settings of the host as administrators see them: what counts, and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trinity_channels.authorisation import administrator
from trinity_channels.principal import Principal


class Origin(StrEnum):
    """Where a value comes from."""

    STORED = "stored"
    """Changed while the host runs, by the API or on a page; it wins."""
    ENVIRONMENT = "environment"
    FILE = "file"
    APPLICATION = "application"
    """Given by the application around the host, or by a program's own code."""
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """One setting.

    Attributes:
        name: the environment variable.
        meaning: what it is for.
        value: what counts, empty if it is not set; of a secret only whether it is set.
        secret: whether its value is never shown.
        origin: where the value comes from.
        route: the route of the API that changes it while the host runs; empty if a restart is needed.
    """

    name: str
    meaning: str
    value: str
    secret: bool
    origin: Origin
    route: str = ""


class HostSettings:
    """Shows them. `read` says what they are now."""

    def __init__(self, read: Callable[[], Sequence[ShownSetting]]) -> None:
        self._read = read

    def of(self, principal: Principal) -> Sequence[ShownSetting]:
        """All settings, in the order of the documentation.

        Raises:
            Refusal: the principal is not an administrator.
        """
        administrator(principal)
        return self._read()
