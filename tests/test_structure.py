"""How wide the project's classes are, six collaborators at most, and that the import rules name every module of the host."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
MOST = 6
PACKAGES = [ROOT / "trinity_channels", *sorted(ROOT.glob("plugins/*/trinity_channels_*"))]


@cache
def _classes() -> Sequence[tuple[str, ast.ClassDef]]:
    """Every class on the top level of a module or in another class."""
    return [
        (f"{file.relative_to(ROOT)}: {node.name}", node)
        for package in PACKAGES
        for file in package.rglob("*.py")
        for node in _within(ast.parse(file.read_text(encoding="utf-8")))
    ]


def _within(parent: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef]:
    for node in parent.body:
        if isinstance(node, ast.ClassDef):
            yield node
            yield from _within(node)


def _taken(node: ast.ClassDef) -> list[str] | None:
    """What a class is constructed with, without `self`; None if its constructor is inherited."""
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            return [argument.arg for argument in (*one.args.args[1:], *one.args.kwonlyargs)]
    return None


def _fields(node: ast.ClassDef) -> list[str]:
    """The types of a dataclass's fields."""
    if not any("dataclass" in ast.unparse(one) for one in node.decorator_list):
        return []
    return [ast.unparse(one.annotation) for one in node.body if isinstance(one, ast.AnnAssign)]


def test_no_constructor_takes_more_than_six() -> None:
    found = [(name, _taken(node) or []) for name, node in _classes()]

    assert len(found) > 500
    assert [(name, taken) for name, taken in found if len(taken) > MOST] == []


def test_no_dataclass_mixes_services_with_many_values() -> None:
    """A class with a constructor of its own is a service; values are dataclasses. What acts has few of both."""
    every = _classes()
    services = {node.name for _, node in every if _taken(node)} - {node.name for _, node in every if _fields(node)}
    wide = {
        name.removeprefix("trinity_channels/")
        for name, node in every
        if name.startswith("trinity_channels/")
        and len(fields := _fields(node)) > MOST
        and any(one.partition(" ")[0] in services for one in fields)
    }

    assert wide == {
        "bindings/open_binding.py: OpenBinding",  # a binding as it is stored, with its plugin
        "ports.py: Ports",  # what an application may bring along, each part by itself
    }


def test_plugins_are_kept_from_every_module_of_the_host() -> None:
    """import-linter lists what is protected, so a new module has to be added to the list."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    [rule] = [one for one in rules if one["name"].startswith("Plugins import the contract")]
    host = ROOT / "trinity_channels"
    modules = {one.stem for one in host.glob("*.py")} | {one.parent.name for one in host.glob("*/__init__.py")}
    open_to_some = {
        "__init__",
        "api",
        "simulation",
        "plugins",
    }  # plugins: the contract kit loads them; a rule of its own

    assert set(rule["protected_modules"]) == {f"trinity_channels.{one}" for one in modules - open_to_some}
