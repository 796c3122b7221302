"""The plugin as the host sees it: its manifest, its hooks, its links, and how little a start-up loads."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import pytest

import trinity_channels_slack
from trinity_channels.api import Channel
from trinity_channels.outbound.compose import compose
from trinity_channels.plugins import load
from trinity_channels_slack import plugin
from trinity_channels_slack.app import CREATE_LINK, EVENTS

HOOKS = ("channel", "configure", "verify", "receive", "send", "resolve_identity")
OPTIONAL = ("indicate", "find_sent", "resolve_quoted", "simulator")


def test_start_up_does_not_load_the_sdk() -> None:
    check = (
        "import sys, trinity_channels_slack.plugin as plugin, trinity_channels_slack.inbound; plugin.channel();"
        "print([name for name in sys.modules if name.split('.')[0] in {'slack_sdk', 'aiohttp'}"
        " or name.startswith('trinity_channels_slack.simulator')])"
    )
    paths = ["-c", f"import sys; sys.path[:0] = {sys.path!r}; {check}"]

    run = subprocess.run([sys.executable, *paths], capture_output=True, text=True, check=True)  # noqa: S603 - ours

    assert run.stdout.strip() == "[]"


def test_the_host_takes_the_plugin() -> None:
    plugins = load([EntryPoint("slack", "trinity_channels_slack.plugin", "trinity_channels")])

    assert plugins.unavailable == []
    assert set(plugins["slack"].capabilities) == {*OPTIONAL, "listen"}


def test_no_room_takes_the_place_of_a_hook() -> None:
    importlib.import_module("trinity_channels_slack.simulator")

    assert not [name for name in HOOKS + OPTIONAL if isinstance(getattr(plugin, name), ModuleType)]
    assert not [name for name in HOOKS if isinstance(getattr(trinity_channels_slack, name), ModuleType)]


def test_the_manifest() -> None:
    manifest = plugin.channel()

    assert isinstance(manifest, Channel)
    assert (manifest.name, manifest.title, manifest.provider, manifest.auto) == ("slack", "Slack", "slack", True)
    assert (manifest.reply_window, manifest.limits.text) == (None, 3800)
    assert manifest.capabilities.groups
    assert manifest.capabilities.verified_email


def test_the_link_creates_an_app_without_events_or_rotation() -> None:
    query = parse_qs(urlsplit(CREATE_LINK).query)
    app = json.loads(query["manifest_json"][0])

    assert query["new_app"] == ["1"]
    assert app["settings"] == {"socket_mode_enabled": False, "token_rotation_enabled": False}
    assert app["features"]["app_home"]["messages_tab_enabled"]
    assert {"chat:write", "users:read.email", "app_mentions:read"} <= set(app["oauth_config"]["scopes"]["bot"])


def test_the_steps_store_the_secret_before_the_url_is_entered() -> None:
    titles = [step.title for step in plugin.channel().setup_steps]
    texts = " ".join(step.text for step in plugin.channel().setup_steps)

    assert titles.index("Connect") < titles.index("Point Slack here")
    assert CREATE_LINK in texts
    assert all(event in texts for event in EVENTS)


@pytest.mark.parametrize(
    ("markdown", "mrkdwn"),
    [
        ("**bold** *it* ~~no~~ `a<b`", "*bold* _it_ ~no~ `a&lt;b`"),
        ("# Title\n\n- one\n- two", "*Title*\n\n• one\n• two"),
        ("[the page](https://e.example/?a=1&b=2)", "<https://e.example/?a=1&amp;b=2|the page>"),
        ("<!channel> & <@U0FAKE001>", "&lt;!channel&gt; &amp; &lt;@U0FAKE001&gt;"),
        ("```py\nif a < b:\n```", "```\nif a &lt; b:\n```"),
        ("> said\n\nreally", "> said\n\nreally"),
        ("2 * 3 * 4 and snake_case_name", "2 * 3 * 4 and snake_case_name"),
    ],
)
def test_markdown_becomes_mrkdwn(markdown: str, mrkdwn: str) -> None:
    manifest = plugin.channel()

    assert compose(markdown, manifest.dialect, manifest.limits.text) == [mrkdwn]


def test_a_long_text_keeps_room_for_its_escapes() -> None:
    manifest = plugin.channel()

    parts = compose("a < b & c > d\n" * 1000, manifest.dialect, manifest.limits.text)

    assert len(parts) > 4
    assert max(len(part) for part in parts) <= 3800
    assert all(part.count("&") == part.count("&lt;") + part.count("&gt;") + part.count("&amp;") for part in parts)


@pytest.mark.parametrize(
    ("address", "valid"),
    [
        ("U0123ABCDEF", True),
        ("W0123ABCDEF", True),
        ("C0123ABCDEF", False),
        ("G0123ABCDEF", False),
        ("C0123ABCDEF/1700000000.000100", False),
        ("U0123ABCDEF/1700000000.000100", False),
        ("D0123ABCDEF", False),
    ],
)
def test_only_members_are_people(address: str, valid: bool) -> None:
    assert (re.fullmatch(plugin.channel().address.person, address) is not None) is valid
