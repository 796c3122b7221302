"""Addresses in the texts of plugins as links that can be followed, long ones shortened for the eye."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_ADDRESS = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:!?)]")
_SHOWN = 60
"""Characters; a longer address is shown without its query."""


def linked(text: str) -> Markup:
    """A text whose addresses are links to another tab."""
    made, at = Markup(), 0
    for found in _ADDRESS.finditer(text):
        address = found[0]
        shown = address if len(address) <= _SHOWN else f"{address.partition('?')[0][:_SHOWN]}…"
        made += escape(text[at : found.start()])
        made += Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(address, shown)
        at = found.end()
    return made + escape(text[at:])
