"""Templates of pages: everything is escaped, and a name that a template misspells is an error instead of an empty place."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def templates(folder: Path) -> Environment:
    """The templates of a folder of the package."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        # Files of the package do not change while it runs; looking would cost a system call for each.
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
