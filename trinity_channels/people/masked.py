"""Addresses of people as pages and lists show them: enough to recognise someone, too little to write to them."""

from __future__ import annotations

_HIDDEN = "•••"
_KEPT = 2
"""Characters that are shown at the end."""
_COUNTRY = 2
"""Digits of a telephone number that are shown at its beginning."""
_SHORTEST = 8
"""What is shorter shows nothing but its end."""


def masked(address: str) -> str:
    """An address without most of its characters: `scheme:+15557770001` is shown as "+15 ••• 01"."""
    shown = address.rpartition(":")[2]
    if len(shown) < _SHORTEST:
        return f"{_HIDDEN}{shown[-_KEPT:]}" if len(shown) > _KEPT else _HIDDEN if shown else ""
    start = shown[: _COUNTRY + 1] if shown.startswith("+") else shown[:_KEPT]
    return f"{start}\N{NO-BREAK SPACE}{_HIDDEN}\N{NO-BREAK SPACE}{shown[-_KEPT:]}"
