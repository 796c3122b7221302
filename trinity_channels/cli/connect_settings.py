"""The settings of a connection, gathered from options, variables, what is stored, and a person at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import typer
from pydantic.fields import FieldInfo

from trinity_channels.api import Channel
from trinity_channels.bindings.given_settings import needed_by, secret_names
from trinity_channels.cli import variables
from trinity_channels.cli.errors import CommandFailed


def gather(
    manifest: Channel, options: Sequence[str], present: Mapping[str, Any], *, listens: bool
) -> tuple[dict[str, Any], list[str]]:
    """Everything that the API is given, and the variables that it was read from.

    Args:
        manifest: the channel.
        options: the values of `--set`.
        present: the binding as the API shows it. Of an agent that is connected, settings that are not given stay.
        listens: whether messages are to be fetched: some settings belong to one way of receiving only.

    Raises:
        typer.BadParameter: an option cannot be meant, or names a secret.
        CommandFailed: something is missing, and there is no terminal to ask on.
    """
    secret = secret_names(manifest)
    given = _options(manifest, options, secret)
    read = []
    for name in manifest.settings.model_fields:
        # Options win: they were typed for this call.
        if name not in given and (found := variables.given(manifest, name)):
            read.append(found[0])
            given[name] = found[1]
    stored = present if present["configured"] else {}
    missing = []
    way = "listen" if listens else "webhook"
    for name, field in manifest.settings.model_fields.items():
        if name in given:
            continue
        needed = field.is_required() or needed_by(manifest.form, name) == way
        # Optional settings are not asked for; most people need none of them.
        if sys.stdin.isatty() and needed:
            _ask(given, name, field, stored, secret=name in secret)
        # The API replaces all settings; only secrets stay by themselves.
        elif name not in secret and stored.get(name) is not None:
            given[name] = stored[name]
        elif needed and not stored:
            missing.append(name)
    if missing:
        raise CommandFailed("\n".join(_missing(manifest, name, secret=name in secret) for name in missing))
    return given, read


def _options(manifest: Channel, options: Sequence[str], secret: set[str]) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for option in options:
        name, equals, value = option.partition("=")
        if name not in manifest.settings.model_fields:  # not quoted: it may be a secret in the wrong place
            known = ", ".join(one for one in manifest.settings.model_fields if one not in secret) or "none"
            raise typer.BadParameter(f"Give NAME=VALUE. Settings of {manifest.name}: {known}.", param_hint="--set")
        if not equals:
            raise typer.BadParameter(f"Give {name}=VALUE.", param_hint="--set")
        if name in secret and value:
            raise typer.BadParameter(
                f"{name} is secret, and others on this machine can read the command line. Set "
                f"{variables.variable(manifest, name)}, or leave it out to be asked on a "
                "terminal. Regard this value as known to others.",
                param_hint="--set",
            )
        given[name] = value or None  # empty takes an optional setting away
    return given


def _ask(given: dict[str, Any], name: str, field: FieldInfo, stored: Mapping[str, Any], *, secret: bool) -> None:
    """Ask for one setting; an empty answer keeps what is stored."""
    typer.echo(f"\n{field.title or name}: {field.description or ''}".rstrip(": "))
    keeps = " (Enter keeps the stored one)" if secret and stored else ""
    # an empty default lets Enter through, which only makes sense where something is stored
    default = "" if secret and stored else stored.get(name)
    answer = typer.prompt(f"{name}{keeps}", hide_input=secret, default=default, show_default=not secret)
    # Empty on a new connection goes on to the plugin, which says what is wrong with it.
    if answer or not stored:
        given[name] = answer


def _missing(manifest: Channel, name: str, *, secret: bool) -> str:
    way = f"set {variables.variable(manifest, name)}"
    way += ", or run the command on a terminal to be asked" if secret else f", or add --set {name}=VALUE"
    return f"{name} is missing: {way}."
