"""`new-plugin`: a package for a channel of one's own, which loads at once and lists what is missing."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

import keyword
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Annotated

import typer

TEMPLATE = "plugin_template"
SUFFIX = ".tmpl"
KIT = "contract_tests"
"""The contract tests are `trinity_channels_contract_tests`, whether they are installed or not."""


def new_plugin(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The channel's name: lower-case letters, digits, underscores.")
    ],
    into: Annotated[Path, typer.Option(help="Where the package's folder is made.")] = Path(),
) -> None:
    """Write a small package for a new channel: hooks, settings, a simulator, and the contract as a to-do list.

    A name that something else has already is refused: another channel or package of this installation, a folder, the host
    itself.
    """
    if reason := _unfit(name):
        raise typer.BadParameter(reason)
    folder = into / f"trinity-channels-{_dashed(name)}"
    # Never written over: a plugin that someone has begun would be lost. `exists` alone overlooks a broken link.
    if folder.exists() or folder.is_symlink():
        raise typer.BadParameter(f"{folder} exists; choose another name, or another folder with --into.")
    try:
        for path, text in _rendered(name):
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
            typer.echo(target)
    except OSError as error:
        raise typer.BadParameter(
            f"{folder} cannot be written ({error.strerror}); choose another folder with --into."
        ) from None
    typer.echo(f"\nNext: pip install -e {folder} && pytest {folder}, with the contract tests installed.")


def _unfit(name: str) -> str:
    """Why a package cannot have this name, and what to do; empty if it can."""
    from importlib.metadata import PackageNotFoundError, distribution, entry_points
    from importlib.util import find_spec

    from trinity_channels.api import PROJECT
    from trinity_channels.plugins import NAME, RESERVED

    if not NAME.fullmatch(name):
        return "A name is lower-case letters, digits and underscores, a letter first, 32 at most."
    if name.endswith("_"):
        return "A name ends with a letter or digit: packages cannot be called otherwise."
    if name in RESERVED or name == KIT:
        return f"The name {name} is reserved: the host uses it itself. Choose another one."
    if keyword.iskeyword(name):
        return f"The name {name} is reserved: it is a word of Python. Choose another one."
    if entry_points(group=PROJECT, name=name):
        return f"A channel {name} is installed already. Choose another name, or uninstall its package first."
    module, package = f"trinity_channels_{name}", f"trinity-channels-{_dashed(name)}"
    if find_spec(module) is not None:
        return f"There is a module {module} already, which would hide the new one. Choose another name, or remove it first."
    try:
        distribution(package)
    except PackageNotFoundError:
        return ""
    return f"A package {package} is installed already. Choose another name, or uninstall it first."


def _dashed(name: str) -> str:
    return name.replace("_", "-")


def _rendered(name: str) -> Iterator[tuple[str, str]]:
    """Every file of the package, with the name filled in."""
    words = {
        "name": name,
        "title": name.replace("_", " ").title(),
        "Class": name.title().replace("_", ""),
        "dashed": _dashed(name),
        "variable": name.upper(),
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
