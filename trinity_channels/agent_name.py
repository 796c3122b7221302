"""Which names of agents can stand in addresses: an agent with another one would have dead links on pages and in the API."""

from __future__ import annotations

RULE = 'printable characters without "/", and must not be "." or ".."'


def fits_addresses(name: str) -> bool:
    """Whether a name can be one part of a path; percent-encoded, other characters can."""
    # Servers decode %2F before they route a request, and browsers take %2E for a dot.
    return name.isprintable() and "/" not in name and name not in ("", ".", "..")
