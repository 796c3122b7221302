"""The plugin as the host sees it: its manifest, its hooks, and how little a start-up loads."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any

import pytest

import trinity_channels_telegram
from trinity_channels.api import Binding, Channel, Identity, Sender
from trinity_channels.plugins import load
from trinity_channels_telegram import plugin

HOOKS = ("channel", "configure", "verify", "receive", "send", "resolve_identity")
OPTIONAL = ("indicate", "listen", "register_webhook", "unregister_webhook", "simulator")


def test_the_host_loads_it() -> None:
    point = EntryPoint("telegram", "trinity_channels_telegram.plugin", "trinity_channels")

    plugins = load([point])

    assert plugins.unavailable == []
    assert plugins["telegram"].capabilities == list(OPTIONAL)


def test_start_up_loads_no_simulator_and_no_library() -> None:
    check = (
        "import sys, trinity_channels_telegram.plugin as plugin; plugin.channel();"
        "print([name for name in sys.modules if name.split('.')[0] in {'telegram', 'aiogram', 'starlette.applications'}"
        " or name.startswith('trinity_channels_telegram.simulator')])"
    )

    run = subprocess.run(  # noqa: S603 - ours
        [sys.executable, "-c", check],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
    )

    assert run.stdout.strip() == "[]"


def test_no_room_takes_the_place_of_a_hook() -> None:
    importlib.import_module("trinity_channels_telegram.simulator")

    assert not [name for name in HOOKS + OPTIONAL if isinstance(getattr(plugin, name), ModuleType)]
    assert not [name for name in HOOKS if isinstance(getattr(trinity_channels_telegram, name), ModuleType)]


def test_the_manifest() -> None:
    manifest = plugin.channel()

    assert isinstance(manifest, Channel)
    assert (manifest.name, manifest.provider, manifest.auto) == ("telegram", "telegram", True)
    assert manifest.reply_window is None
    assert manifest.limits.text == 4096
    assert manifest.capabilities.indicate == 5
    assert manifest.capabilities.groups
    assert manifest.acknowledgement.body == b""
    assert len(manifest.setup_steps) >= 3


@pytest.mark.parametrize(
    ("address", "valid"),
    [("5550001", True), ("-1009990001", True), ("-1009990001/30", True), ("zoe", False), ("5550001:11", False)],
)
def test_an_address_is_typed_as_a_number(address: str, valid: bool) -> None:
    pattern = plugin.channel().address.pattern

    assert (re.fullmatch(pattern, address) is not None) is valid
    assert re.fullmatch(pattern, plugin.channel().address.example)


@pytest.mark.parametrize(
    ("address", "valid"),
    [("5550001", True), ("-1009990001", False), ("-5550001", False), ("-1009990001/30", False), ("5550001/30", False)],
)
def test_groups_and_topics_are_not_people(address: str, valid: bool) -> None:
    assert (re.fullmatch(plugin.channel().address.person, address) is not None) is valid


async def test_an_identity_is_what_the_update_said(binding: Binding, telegram: Any) -> None:
    identity = await plugin.resolve_identity(binding, Sender("5550001", "5550001", "Zoë"), telegram.ctx)

    assert identity == Identity(("5550001",), "Zoë")
    assert telegram.requests == []
