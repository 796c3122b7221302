"""The version of the contract, and how one wheel serves hosts of several versions."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, TypeVar

T = TypeVar("T")
CONTRACT = 1
"""The version of the contract that this host knows. What it adds later is optional, so that this number rarely changes."""


def known(kind: type[T], /, **values: Any) -> T:
    """Make a value of the contract from the fields that this host knows, and leave out the others.

    For plugins that name fields of a later contract and are to load on an older host, too: given directly, a field that is
    not known stops the plugin.

    Args:
        kind: a dataclass of this package, such as `Capabilities` or `MessageReceived`.
        values: its fields by name.

    Returns:
        The value. What was left out has no effect on this host.
    """
    names = {one.name for one in fields(kind)}  # type: ignore[arg-type]  # every value of the contract is a dataclass
    return kind(**{name: value for name, value in values.items() if name in names})
