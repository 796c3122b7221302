"""What the host makes of plugins that were written for another version of the contract."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from trinity_channels import api

DEPRECATED: dict[str, str] = {}
"""What the next version of the contract leaves out, by its name in `_used`, and what is used instead.

Such as `{"hook wave": "use indicate", "mood of hook send": "leave it out", "shouts of Capabilities": "leave it out"}`.
"""
UPGRADE = "upgrade trinity_channels, or install an older release of the plugin"
# These errors say in their text only what is unknown (`ImportError.name_from` is of Python 3.12).
_UNKNOWN_NAME = re.compile(r"cannot import name '(\w+)'")
_UNKNOWN_FIELD = re.compile(r"(?:(\w+)\.)?__init__\(\) got an unexpected keyword argument '(\w+)'")


def is_version(contract: object) -> bool:
    """Whether this can be the version of a contract."""
    return isinstance(contract, int) and not isinstance(contract, bool) and contract >= 1


def is_later(contract: int) -> bool:
    """Whether it may have what this host does not know."""
    return contract > api.CONTRACT


def warnings(contract: int, ignored: Sequence[str]) -> tuple[str, ...]:
    """What operators are told of a plugin that loads with less than it offers; `ignored` are hooks and arguments."""
    if not ignored:
        return ()
    known = f"this host knows contract {api.CONTRACT} and ignores {', '.join(ignored)}"
    return (f"It was written for contract {contract}; {known}. Upgrade trinity_channels to use all of it.",)


def deprecations(manifest: api.Channel, hooks: Mapping[str, Callable[..., Any]]) -> tuple[str, ...]:
    """What operators are told of a plugin that uses what is deprecated; `hooks` are its own functions by name."""
    found = [name for name in dict.fromkeys(_used(manifest, hooks)) if name in DEPRECATED] if DEPRECATED else []
    if not found:
        return ()
    instead = "; ".join(f"{name} ({DEPRECATED[name]})" for name in found)
    return (f"It uses what is deprecated, which works until contract {api.CONTRACT} is removed: {instead}.",)


def _used(manifest: api.Channel, hooks: Mapping[str, Callable[..., Any]]) -> Iterator[str]:
    """The names of the contract that can be seen in use: hooks, their arguments, and what the manifest's values set."""
    for name, hook in hooks.items():
        yield f"hook {name}"
        yield from (f"{argument} of hook {name}" for argument in inspect.signature(hook).parameters)
    yield from _set_in(manifest)


def _set_in(value: object) -> Iterator[str]:
    if isinstance(value, Mapping | tuple):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _set_in(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            held = getattr(value, one.name)
            if held != _default(one):
                yield f"{one.name} of {type(value).__name__}"
                yield from _set_in(held)


def _default(field: Field[Any]) -> object:
    return field.default_factory() if field.default_factory is not MISSING else field.default


def reason(error: BaseException) -> str | None:
    """Why a plugin that names what this host does not know cannot be loaded; None for every other error."""
    if (unknown := _unknown(error)) is None:
        return None
    return f"it {unknown}, which contract {api.CONTRACT} of this host does not have; {UPGRADE}"


def _unknown(error: BaseException) -> str | None:
    if isinstance(error, ImportError) and error.name == api.__name__ and (found := _UNKNOWN_NAME.search(str(error))):
        return f"imports {found[1]} from {api.__name__}"
    found = _UNKNOWN_FIELD.search(str(error)) if isinstance(error, TypeError) else None
    if found is None or found[1] not in api.__all__:
        return None
    what = "the capability" if found[1] == "Capabilities" else f"the field of {found[1]}"
    return f"declares {what} {found[2]}"


def taken(hook: Callable[..., Any], passed: Iterable[str]) -> frozenset[str] | None:
    """The arguments of a hook among those that the host passes; None for all of them."""
    wanted = set(passed)
    parameters = inspect.signature(hook).parameters
    if any(one.kind is one.VAR_KEYWORD for one in parameters.values()):
        return None
    own = frozenset(wanted & set(parameters))
    return None if own == wanted else own
