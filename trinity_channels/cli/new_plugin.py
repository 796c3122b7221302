"""`new-plugin`: a package for a channel of one's own, which loads at once and lists what is missing."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Annotated

import typer

TEMPLATE = "plugin_template"
SUFFIX = ".tmpl"


def new_plugin(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The channel's name: lower-case letters, digits, underscores.")
    ],
    into: Annotated[Path, typer.Option(help="Where the package's folder is made.")] = Path(),
) -> None:
    """Write a small package for a new channel: hooks, settings, a simulator, and the contract as a to-do list."""
    from trinity_channels.plugins import NAME

    if not NAME.fullmatch(name):
        raise typer.BadParameter("A name is lower-case letters, digits and underscores, a letter first, 32 at most.")
    folder = into / f"trinity-channels-{name.replace('_', '-')}"
    # Never written over: a plugin that someone has begun would be lost.
    if folder.exists():
        raise typer.BadParameter(f"{folder} exists; choose another name or --into another folder.")
    for path, text in _rendered(name):
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        typer.echo(target)
    typer.echo(f"\nNext: pip install -e {folder} && pytest {folder}, with the contract tests installed.")


def _rendered(name: str) -> Iterator[tuple[str, str]]:
    """Every file of the package, with the name filled in."""
    words = {
        "name": name,
        "title": name.replace("_", " ").title(),
        "Class": name.title().replace("_", ""),
        "dashed": name.replace("_", "-"),
    }
    for path, source in _templates(files("trinity_channels.cli") / TEMPLATE, ""):
        # `substitute` fails for a name that is not given, where `safe_substitute` would leave a hole.
        yield path.replace("NAME", name), Template(source.read_text(encoding="utf-8")).substitute(words)


def _templates(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir():
            yield from _templates(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(SUFFIX):
            yield f"{prefix}{entry.name.removesuffix(SUFFIX)}", entry
