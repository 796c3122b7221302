"""Templates of pages: everything is escaped, and a name that a template misspells is an error instead of an empty place."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def templates(*folders: Path) -> Environment:
    """The templates of folders of the package; of two with the same name, the one in the earlier folder."""
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        # Files of the package do not change while it runs; looking would cost a system call for each.
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
