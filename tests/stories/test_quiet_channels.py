"""Alerts about busy channels that go quiet."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from tests.alerting import BAD, GOOD, Provider, days, gauge, lines, mails, waits
from tests.world import Person, World
from trinity_channels.store import inbound_hours

pytestmark = pytest.mark.long  # days pass hour by hour


@pytest.fixture
def crowd(town: World) -> list[Person]:
    return [town.person(f"Person {number}") for number in range(10)]


@pytest.fixture
def provider(town: World, monkeypatch: pytest.MonkeyPatch) -> Provider:
    return Provider(town, monkeypatch)


async def test_a_busy_channel_that_goes_quiet_raises_one_alert(
    town: World, crowd: list[Person], caplog: pytest.LogCaptureFixture
) -> None:
    await days(town, crowd, 9)
    await waits(town, minutes=22 * 60)
    assert (mails(town), await gauge(town, "quiet")) == ([], 0), "nobody writes at night"

    await waits(town, minutes=3 * 24 * 60, step=30)

    (mail,) = mails(town)
    assert mail.subject == "support may not be reachable on WhatsApp (Twilio)"
    assert "No message has arrived since 2026-03-10 09:00 UTC" in mail.text
    assert len(lines(caplog, "channel alert")) == 1
    assert await gauge(town, "quiet") == 1
    assert (await town.binding())["health"]["state"] == "attention"
    assert "since 2026-03-10 09:00 UTC" in (await town.check("quiet"))["message"]


async def test_a_quiet_channel_that_is_heard_again_ends_its_alert(
    town: World, crowd: list[Person], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await days(town, crowd, 9)
    await waits(town, minutes=30 * 60, step=30)
    assert await gauge(town, "quiet") == 1

    await crowd[0].says("hello again")
    await town.later(minutes=2)

    assert await gauge(town, "quiet") == 0
    assert len(lines(caplog, "channel alert cleared")) == 1
    assert all(one["code"] != "quiet" for one in (await town.binding())["health"]["checks"])


async def test_a_channel_that_people_go_on_using_raises_no_alert(town: World, crowd: list[Person]) -> None:
    await days(town, crowd, 16)

    assert (mails(town), await gauge(town, "quiet")) == ([], 0)


async def test_hours_in_which_the_host_did_not_run_are_not_silence(town: World, crowd: list[Person]) -> None:
    await days(town, crowd, 9)
    await town.stops()
    town.clock.tick(timedelta(days=3))
    await town.starts()

    await waits(town, minutes=12 * 60, step=30)

    assert mails(town) == []


async def test_restarts_do_not_hide_that_a_channel_has_gone_quiet(town: World, crowd: list[Person]) -> None:
    await days(town, crowd, 9)
    for _ in range(5):
        await waits(town, minutes=6 * 60, step=60)
        await town.stops()
        town.clock.tick(timedelta(minutes=5))
        await town.starts()
    await waits(town, minutes=60)

    assert len(mails(town)) == 1


async def test_an_alert_outlives_a_restart_and_is_not_mailed_again(town: World, crowd: list[Person]) -> None:
    await days(town, crowd, 9)
    await waits(town, minutes=30 * 60, step=30)
    await town.stops()
    await town.starts()
    await waits(town, minutes=60)

    assert len(mails(town)) == 1
    assert await gauge(town, "quiet") == 1


async def test_a_channel_that_is_disconnected_is_not_missed(town: World, crowd: list[Person]) -> None:
    await days(town, crowd, 9)
    await waits(town, minutes=30 * 60, step=30)

    await town.api("DELETE", "/api/agents/support/whatsapp")
    await town.later(minutes=2)
    assert await gauge(town, "quiet") == 0
    await waits(town, minutes=30 * 60, step=30)
    await town.connect()
    await waits(town, minutes=5 * 60, step=30)

    assert len(mails(town)) == 1


async def test_what_people_wrote_is_counted_once_by_conversation_and_hour(town: World) -> None:
    zoe, yan = town.person("Zoe"), town.person("Yan")
    await zoe.says("one", "two", "three")
    await yan.says("hello")
    await town.later(minutes=70)
    await zoe.says("four")
    for _ in range(3):
        await town.later(minutes=30)

    hours = await town.host.store.read(lambda tx: inbound_hours.hours(tx, 1))

    assert list(hours.values()) == [2, 1]


async def test_the_silence_that_a_wrong_webhook_explains_is_not_told_beside_it(
    town: World, crowd: list[Person], provider: Provider
) -> None:
    await days(town, crowd, 9)
    provider.answers = (BAD,)

    await waits(town, minutes=36 * 60, step=30)
    assert len(mails(town)) == 1
    assert (await gauge(town, "provider_check"), await gauge(town, "quiet")) == (1, 0)
    provider.answers = (GOOD,)
    await waits(town, minutes=2 * 60, step=30)

    assert (await gauge(town, "provider_check"), await gauge(town, "quiet")) == (0, 1)
