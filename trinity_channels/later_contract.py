"""What the host makes of plugins that were written for another version of the contract."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from trinity_channels import api

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
