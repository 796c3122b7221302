"""Addresses of people as lists show them: enough to recognise someone by, too little to write to them."""

from __future__ import annotations

_DOTS = "•••"
_LONG = 9
"""From as many characters on, four are shown at the end, and three in front."""
_SHORT = 4
"""Of fewer characters none are shown."""


def masked(address: str) -> str:
    """The address without its middle, and without the prefix that a provider puts before it: `+12•••0188`."""
    _, _, shown = address.rpartition(":")
    if len(shown) < _SHORT:
        return _DOTS if shown else ""
    return f"{shown[:3]}{_DOTS}{shown[-4:]}" if len(shown) >= _LONG else f"{shown[:1]}{_DOTS}{shown[-2:]}"
