"""What the owner learns about refused webhooks while others send forgeries: the newest cause, at little cost."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.world import World
from trinity_channels import api
from trinity_channels.inbound import diagnose
from trinity_channels.plugins import Plugin

WRONG = "0" * 32
SECRET, SCHEME = "the secret is probably not the one", "its scheme is http"


async def wrong_secret(town: World, text: str = "hello") -> None:
    assert (await town.posts(await town.webhook(), town.inbound(text), token=WRONG)).status_code == 403


async def wrong_scheme(town: World, text: str = "hello") -> None:
    url = await town.webhook()
    assert (await town.posts(url, town.inbound(text), signed_for=url.replace("https:", "http:"))).status_code == 403


async def told(town: World) -> str:
    return (await town.check("signature"))["message"]


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
    assert 0 < calls["beside it"] <= diagnose.MOST


def _on_the_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
