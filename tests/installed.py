"""The plugins of this machine, found once for all tests."""

from __future__ import annotations

from copy import copy
from functools import cache

from trinity_channels.plugins import Plugins, load


@cache
def _found() -> Plugins:
    """The plugins of this machine: to find them takes longer than to build a host."""
    return load()


def installed() -> Plugins:
    """The plugins as a new process loads them, so that what a test replaces in one is gone after a restart."""
    found = _found()
    return Plugins({name: copy(found[name]) for name in found}, found.unavailable)
