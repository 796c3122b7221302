"""What the owner learns about refused webhooks while others send forgeries: the newest cause, at little cost."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.world import World
from trinity_channels import api
from trinity_channels.inbound import diagnose, signed_addresses
from trinity_channels.plugins import Plugin

WRONG = "0" * 32
SECRET, SCHEME = "the secret is probably not the one", "its scheme is http"


async def wrong_secret(town: World, text: str = "hello") -> None:
    assert (await town.posts(await town.webhook(), town.inbound(text), token=WRONG)).status_code == 403


async def wrong_scheme(town: World, text: str = "hello") -> None:
    url = await town.webhook()
    assert (await town.posts(url, town.inbound(text), signed_for=url.replace("https:", "http:"))).status_code == 403


async def told(town: World) -> str:
    return str((await town.check("signature"))["message"])


@pytest.mark.parametrize("seconds", [0, 1, 4, 5, 60])
async def test_the_newest_cause_is_told_however_soon_it_follows(town: World, seconds: float) -> None:
    await wrong_secret(town)
    await town.later(seconds=seconds)
    await wrong_scheme(town)
    await town.later(seconds=5)
    assert SCHEME in await told(town)

    await town.later(seconds=seconds)
    await wrong_secret(town)
    await town.later(seconds=5)
    assert SECRET in await told(town)


async def test_a_cause_that_is_found_late_does_not_raise_an_alarm_over_a_good_message(town: World) -> None:
    await wrong_secret(town)
    await town.later(seconds=1)
    await wrong_secret(town)
    await town.later(seconds=1)
    await town.person("Zoe").says("hello")
    await town.later(seconds=10)

    assert (await town.check("signature"))["state"] == "ok"


async def test_a_cause_that_is_found_late_does_not_outlive_the_change_that_removes_it(town: World) -> None:
    await wrong_secret(town)
    await town.later(seconds=1)
    await wrong_secret(town)
    await town.later(seconds=1)
    await town.connect()
    await town.later(seconds=10)

    assert (await town.check("signature"))["message"] == "No webhook was refused."


async def test_large_forgeries_do_not_hide_a_small_request_that_can_be_examined(town: World) -> None:
    await wrong_secret(town)
    await town.later(seconds=1)
    await wrong_scheme(town)
    for _ in range(5):
        await wrong_secret(town, "a" * diagnose.EXAMINED)
    await town.later(seconds=5)

    assert SCHEME in await told(town)


async def test_a_large_request_is_not_examined_and_the_owner_knows_that(town: World) -> None:
    await wrong_scheme(town, "a" * diagnose.EXAMINED)

    assert "Only requests of up to 8192 bytes are examined" in await told(town)


async def test_forgeries_cost_one_examination_in_five_seconds(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()
    received = Plugin.receive

    def counted(plugin: Plugin, binding: api.Binding, request: api.Request) -> api.Inbound:
        calls["on the loop" if _on_the_loop() else "beside it"] += 1
        return received(plugin, binding, request)

    monkeypatch.setattr(Plugin, "receive", counted)
    for _ in range(40):
        await wrong_secret(town)

    assert calls["on the loop"] == 40
    assert 0 < calls["beside it"] <= signed_addresses.MOST


def _on_the_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


OURS = "https://chat.example.org"
PROXIED = {"Host": "127.0.0.1:8000"}
"""A proxy that does not pass the host on."""


@pytest.mark.parametrize(
    ("configured", "signed", "arrived", "headers", "expected"),
    [
        # the host, unknown to us
        (OURS, "https://www.chat.example.org", "", PROXIED, "its host is www.chat.example.org, not chat.example.org"),
        ("https://www.example.org", "https://example.org", "", PROXIED, "its host is example.org, not www.example.org"),
        (OURS, "https://Chat.Example.Org", "", PROXIED, "its host is Chat.Example.Org"),
        (OURS, "https://CHAT.EXAMPLE.ORG", "", PROXIED, "its host is CHAT.EXAMPLE.ORG"),
        (OURS, "https://Chat.example.org", "", PROXIED, "its host is Chat.example.org"),
        (OURS, "http://www.chat.example.org", "", PROXIED, "its scheme is http, not https, its host is www.chat"),
        # the host, told by a header
        (OURS, "https://a.example.net", "", {**PROXIED, "X-Forwarded-Host": "a.example.net, b"}, "its host is a.exam"),
        (
            OURS,
            "https://a.example.net",
            "",
            {**PROXIED, "X-Original-Host": "a.example.net"},
            "its host is a.example.net",
        ),
        (OURS, "https://www.a.example.net", "", {"Host": "a.example.net"}, "its host is www.a.example.net"),
        # the path
        (f"{OURS}/trinity", OURS, "", PROXIED, "it lacks /trinity, which a proxy may add"),
        (f"{OURS}/a/b", f"{OURS}/b", "", PROXIED, "it lacks /a, which a proxy may add"),
        (f"{OURS}/a/b", OURS, "", PROXIED, "it lacks /a/b, which a proxy may add"),
        (
            OURS,
            f"{OURS}/bots",
            "",
            {**PROXIED, "X-Forwarded-Prefix": "/bots"},
            "it begins with /bots, which a proxy may",
        ),
        (
            OURS,
            f"{OURS}/bots",
            "",
            {**PROXIED, "X-Forwarded-Prefix": "/bots/"},
            "it begins with /bots, which a proxy may",
        ),
        (f"{OURS}/a", "http://www.chat.example.org", "", PROXIED, "its path differs: it lacks /a"),
        # the trailing slash and the query
        (OURS, OURS + "{path}/", "", PROXIED, "its path ends with a slash"),
        (
            OURS,
            "http://chat.example.org{path}/",
            "",
            PROXIED,
            "its scheme is http, not https, its path ends with a slash",
        ),
        (OURS, "http://chat.example.org", "?added=1", PROXIED, "its scheme is http, not https, it has no query"),
        # no proof
        (OURS, f"{OURS}/bots", "", PROXIED, "probably not the one"),
        (OURS, "https://other.example.org", "", PROXIED, "probably not the one"),
    ],
)
async def test_the_signed_address_is_found_behind_proxies_that_say_little(
    town: World, configured: str, signed: str, arrived: str, headers: dict[str, str], expected: str
) -> None:
    url = await town.webhook()
    path = url.removeprefix(OURS)
    await town.api("PUT", "/api/settings/public_chat_url", {"value": configured})
    signed_for = signed.format(path=path) if "{path}" in signed else signed + path

    answer = await town.posts(url + arrived, town.inbound("hello"), signed_for=signed_for, **headers)

    assert answer.status_code == 403
    message = await told(town)
    assert expected in message
    assert ("probably" in message) is (expected == "probably not the one")


def test_the_nearest_addresses_are_tried_first_and_not_too_many() -> None:
    many = tuple(f"h{number}.example.org" for number in range(500))
    received = signed_addresses.Received(many, tuple(f"/p{number}" for number in range(500)), many)

    tried = list(signed_addresses.candidates(f"{OURS}/a/b/c?q=1", received))

    assert len(tried) == signed_addresses.MOST
    assert len({url for _, url in tried}) == len(tried)
    assert f"{OURS}/a/b/c?q=1" not in {url for _, url in tried}
    assert tried[0][0].count(" is ") <= 1
