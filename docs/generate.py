"""Writes the pages that the code is the source of: `python docs/generate.py`, or `--check` to compare.

Only channels of this repository are described, whatever else is installed.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import timedelta
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

import lifecycles
from typer.main import get_command

from trinity_channels import api, simulation
from trinity_channels.api import PROJECT, Capabilities, Channel, ChannelError, hooks, http
from trinity_channels.app import Ports, create_app
from trinity_channels.cli import app as commands
from trinity_channels.cli.demo.environment import DemoSettings
from trinity_channels.plugins import INCOMING, OPTIONAL, REQUIRED, Plugins, load

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent
GENERATED = "<!-- Written by `make docs`; change the code instead. -->\n\n"
HOUR = 3600
MEANINGS = {
    "indicate": "shows “typing” or “seen”, for",
    "indicate_repeats": "shows it again for the same message",
    "indicate_ends": "is told when the work is done",
    "receipts": "the furthest state that receipts report",
    "find_sent": "a send with unknown outcome is read back, after",
    "idempotent": "a repeated send is recognised, for",
    "list_missed": "messages of an outage are caught up, so far back",
    "listen": "messages can be fetched: no public address is needed",
    "register_webhook": "the webhook is set at the provider by API",
    "register_when_asked": "… only when an owner asks for it",
    "register_by_hand_in_sandbox": "… but a sandbox's in the console only",
    "unregister_webhook": "… and taken back when an owner disconnects",
    "resolve_quoted": "a message that a person answers is read at the provider",
    "simulator": "a simulated provider comes with the plugin",
    "groups": "group conversations",
    "verified_email": "the provider knows people's verified e-mail",
}
EXITS = {
    0: "when it is done;",
    1: "when something could not be done, for instance because there is no such agent; also a start that is refused: the "
    "database is away, is served by others of another version, was moved, or cannot be read by this version; other "
    "processes have other encryption keys; the port is taken;",
    2: "when the words or the settings are wrong, such as a `worker` on SQLite;",
    3: "`doctor` only: when nothing has failed, but no server is running, so that the way in could not be tried.",
}


def pages() -> dict[str, str]:
    """Every generated file with its content."""
    plugins = load(point for point in entry_points(group="trinity_channels") if point.name in set(_ours()))
    return {
        "explanation/states.md": GENERATED + lifecycles.page(),
        "reference/capabilities.md": _capabilities([plugins[name].manifest for name in plugins]),
        "reference/cli.md": _cli(),
        "reference/contract.md": _contract(),
        "reference/openapi.json": _openapi(plugins),
    }


def _ours() -> Iterator[str]:
    for project in sorted(ROOT.glob("plugins/*/pyproject.toml")):
        points = tomllib.loads(project.read_text(encoding="utf-8"))["project"].get("entry-points", {})
        yield from points.get("trinity_channels", {})


# --- capabilities ---


def _capabilities(manifests: list[Channel]) -> str:
    rows: list[tuple[str, list[str]]] = [
        ("longest text of one message, in UTF-16 units", [str(one.limits.text) for one in manifests]),
        ("largest body of a webhook, in bytes", [str(one.limits.webhook_body) for one in manifests]),
        ("free text only within", [_value(one.reply_window) if one.reply_window else "always" for one in manifests]),
        ("chosen by `channel=auto`", [_value(one.auto) for one in manifests]),
    ]
    for field in fields(Capabilities):
        values = [_value(getattr(one.capabilities, field.name)) for one in manifests]
        rows.append((MEANINGS.get(field.name, field.name), values))
    head = [f"| | {' | '.join(one.title for one in manifests)} |", "|---|" + "---|" * len(manifests)]
    body = [f"| {name} | {' | '.join(values)} |" for name, values in rows]
    return GENERATED + "# What each channel can do\n\n" + "\n".join(head + body) + "\n"


def _duration(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < HOUR else f"{seconds / HOUR:g} hours"


def _value(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return _duration(value.total_seconds()) if value else "no"
        case int() | float():
            return _duration(value) if value else "no"
        case None:
            return "no"
        case _:
            return str(value)


# --- the contract ---


def _contract() -> str:
    specs = {name: spec for name, spec in inspect.getmembers(hooks) if hasattr(spec, f"{PROJECT}_spec")}
    public = {name: getattr(api, name) for name in api.__all__ if inspect.isclass(getattr(api, name))}
    errors = {name: one for name, one in public.items() if issubclass(one, Exception)}
    text = [GENERATED + "# The contract of a channel plugin\n", "## Hooks\n"]
    for name in dict.fromkeys([*REQUIRED, *INCOMING, *OPTIONAL]):
        spec = specs.pop(name)
        kind = "async def" if inspect.iscoroutinefunction(spec) else "def"
        need = "required" if name in REQUIRED else f"optional, with the capability `{name}`"
        if name in INCOMING:
            need = (
                "required, unless there is `listen`" if name not in OPTIONAL else f"{need}; required without `receive`"
            )
        signature = str(inspect.signature(spec)).replace("'", "")
        text += [f"### `{kind} {name}{signature}`\n", f"*{need}*\n", _prose(spec), ""]
    if specs:
        raise LookupError(f"hooks in no list of plugins/plugin.py: {', '.join(specs)}")
    text += [
        "## Values\n",
        "Each is made of its fields, by name or in this order; those that are optional have a default.\n",
    ]
    for name, value in public.items():
        if name not in errors:
            text += [f"### `{name}`\n", _prose(value), "", *_fields(value)]
            text += _methods(value) if getattr(value, "_is_protocol", False) else []
    text += ["## Errors\n", "```text", _prose(inspect.getmodule(ChannelError)), "```\n"]
    for name, error in errors.items():
        made = str(inspect.signature(error)).replace("'", "").removesuffix(" -> None")
        text += [f"### `{name}`\n", f"`{name}{made}`\n", _prose(error), ""]
    text += ["## Functions\n"]
    for name in api.__all__:
        if inspect.isfunction(function := getattr(api, name)):
            text += [f"### `{name}{str(inspect.signature(function)).replace(chr(39), '')}`\n", _prose(function), ""]
    text += _part("## Calls: `trinity_channels.api.http`\n", http)
    text += _part("## For simulators: `trinity_channels.simulation`\n", simulation)
    return "\n".join(text).rstrip() + "\n"


def _part(heading: str, module: ModuleType) -> list[str]:
    text = [heading, _prose(module), ""]
    for name in module.__all__:
        part = getattr(module, name)
        if inspect.isfunction(part) or inspect.isclass(part):
            text += [f"### `{_call(name, part)}`\n", _prose(part), ""]
        if inspect.isclass(part):
            text += _methods(part)
    return text


def _call(name: str, part: Callable[..., object]) -> str:
    if inspect.isclass(part) and issubclass(part, Exception):  # plugins catch these
        return name
    wanted = ", ".join(one for one in inspect.signature(part).parameters if one != "self")
    return f"{'await ' if inspect.iscoroutinefunction(part) else ''}{name}({wanted})"


def _methods(part: type) -> list[str]:
    """What a plugin or simulator calls or writes, in the first sentence of its docstring."""
    own = [
        (name, one) for name, one in vars(part).items() if inspect.isfunction(one) and name[0] != "_" and one.__doc__
    ]
    return [*(f"- `{_call(name, one)}`: {(one.__doc__ or '').splitlines()[0]}" for name, one in own), ""]


def _prose(documented: object) -> str:
    """A docstring as Markdown: sections become bold words, their entries a list."""
    lines = []
    for line in (inspect.getdoc(documented) or "").splitlines():
        if re.fullmatch(r"(Args|Returns|Raises|Example|Attributes):", line):
            lines.append(f"**{line.removesuffix(':')}**\n")
        else:
            entry = re.sub(r"^ {4}(\w[\w, ]*): ", r"- `\1`: ", line)
            lines.append(entry.replace(" " * 8, "  ") if entry != line or line.startswith(" " * 8) else line.strip())
    return "\n".join(lines)


def _fields(value: type) -> list[str]:
    if is_dataclass(value):
        shown = [f"- `{one.name}: {one.type}`" + ("" if _needed(one) else " (optional)") for one in fields(value)]
        return [*shown, ""]
    if issubclass(value, StrEnum):
        return [*(f"- `{one.name}` = `{one.value}`" for one in value), ""]
    return []


def _needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


# --- the command line ---


def _cli() -> str:
    text = [GENERATED + "# The command line\n"]
    text += ["`trinity-channels COMMAND`, or `python -m trinity_channels.cli COMMAND`. Every command takes `--help`;"]
    text += ["`trinity-channels --version` names the release.\n"]
    text += ["It ends with\n"]
    text += [f"- {code} {meaning}" for code, meaning in EXITS.items()]
    text += [""]
    for name, command in get_command(commands).commands.items():  # type: ignore[attr-defined]  # it is a group
        text += _command(name, command)
    return "\n".join(text)


def _command(name: str, command: Any) -> list[str]:
    text = []
    below = getattr(command, "commands", {})
    if not below or command.invoke_without_command:
        arguments = [one.metavar or one.name.upper() for one in command.params if one.param_type_name == "argument"]
        text += [f"## `{' '.join([name, *arguments])}`\n", f"{command.help}\n"]
        named = [one for one in command.params if getattr(one, "help", None) and "--help" not in one.opts]
        text += [_parameter(one) for one in named]
        text += [""] if named else []
    for under, one in below.items():
        text += _command(f"{name} {under}", one)
    return text


def _parameter(one: Any) -> str:
    if one.param_type_name == "argument":
        return f"- `{one.metavar or one.name.upper()}`: {one.help}"
    value = f" {one.metavar}" if one.metavar else ""
    default = f" Default: `{one.default}`." if one.default not in (None, "", False) else ""
    return f"- `{one.opts[0]}{value}`: {one.help}{default}"


# --- the API ---


def _openapi(plugins: Plugins) -> str:
    with tempfile.TemporaryDirectory() as folder:
        settings = DemoSettings.load(trinity_channels_home=Path(folder))
        app, _ = create_app(settings, Ports(plugins=plugins))
        return json.dumps(app.openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the files, or say which differ from what would be written."""
    check = "--check" in sys.argv[1:]
    stale = []
    for name, text in pages().items():
        file = HERE / name
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                file.write_text(text, encoding="utf-8")
    if check and stale:
        sys.exit(f"{', '.join(stale)} in docs are not what the code says: run `make docs`.")
    print(f"docs: {', '.join(stale) or 'nothing'} changed")  # noqa: T201  it is a script


if __name__ == "__main__":
    main()
