"""The statements of the store: everything that its modules keep at module level."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from importlib import import_module

from sqlalchemy import Delete, Insert, Select, Update

from trinity_channels import store

Statement = Select[tuple[object, ...]] | Insert | Update | Delete


def _within(name: str, value: object) -> Iterator[tuple[str, Statement]]:
    """A statement, or those that a tuple or a mapping holds."""
    if isinstance(value, Select | Insert | Update | Delete):
        yield name, value
    elif isinstance(value, Mapping | tuple):
        entries = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, one in entries:
            yield from _within(f"{name}[{key}]", one)


def statements() -> dict[str, Statement]:
    """Every statement by `module.NAME`, or `module.NAME[key]` where a name stands for several."""
    found: dict[str, Statement] = {}
    for module in pkgutil.iter_modules(store.__path__, f"{store.__name__}."):
        if not module.ispkg:
            for name, value in vars(import_module(module.name)).items():
                found.update(_within(f"{module.name.rpartition('.')[2]}.{name}", value))
    return found
