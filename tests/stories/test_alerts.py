"""Alerts about channels that do not work: one line, one count, one mail; and their end."""

from __future__ import annotations

import contextlib
import logging
from datetime import timedelta

import pytest

from tests.world import ADMIN, OWNER, PUBLIC, Found, Person, World
from trinity_channels.api import (
    Check,
    CheckState,
    ConfigurationError,
    ProviderUnavailable,
    Verification,
)
from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.mail.port import Mail, MailError
from trinity_channels.store import StoreError, inbound_hours

GOOD = Check("webhook", CheckState.OK, "The webhook points here.")
BAD = Check("webhook", CheckState.FAILED, "The webhook points to another host.", "Save the connection again.")


class Provider:
    """What `verify` answers from now on, and how often it was asked."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: tuple[Check, ...] | Exception = (GOOD,)
        self.asked = 0
        self._world = world
        monkeypatch.setattr(world.host.plugins["whatsapp"], "verify", self._verify)

    async def _verify(self, *_: object) -> Verification:
        self.asked += 1
        if isinstance(self.answers, Exception):
            raise self.answers
        bound = await self._world.host.bindings.open(1)
        return Verification(bound.binding.account, self.answers)


@pytest.fixture
def provider(town: World, monkeypatch: pytest.MonkeyPatch) -> Provider:
    return Provider(town, monkeypatch)


@pytest.fixture
def crowd(town: World) -> list[Person]:
    return [town.person(f"Person {number}") for number in range(10)]


async def days(world: World, crowd: list[Person], number: int) -> None:
    """So many days, on each of which everybody writes at 9 o'clock; the last one is an hour old afterwards."""
    for day in range(number):
        for person in crowd:
            await person.phone.says("hello")
        await world.later(hours=1)
        if day < number - 1:
            await world.later(hours=23)


async def waits(world: World, *, minutes: int, step: int = 10) -> None:
    """Let time pass in small steps."""
    for _ in range(minutes // step):
        await world.later(minutes=step)


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    """The log's entries of one kind."""
    return [one.getMessage() for one in caplog.records if f"'event': '{event}'" in one.getMessage()]


def mails(world: World) -> list[Mail]:
    """What the owner was mailed about alerts."""
    return [one for one in world.mails.to(OWNER) if "may not be reachable" in one.subject]


async def gauge(world: World, code: str) -> float:
    """The metric of one kind of alert."""
    answer = await world.http.get(f"{PUBLIC}/metrics", headers={"Authorization": f"Bearer {ADMIN}"})
    wanted = f'trinity_channels_channel_alerts{{alert="{code}",channel="whatsapp"}} '
    return next((float(line.removeprefix(wanted)) for line in answer.text.splitlines() if line.startswith(wanted)), 0.0)


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


async def test_a_webhook_that_points_elsewhere_raises_one_alert_and_is_mailed_once(
    town: World, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.answers = (GOOD, BAD)

    await waits(town, minutes=6 * 60)

    (mail,) = mails(town)
    assert f"    {BAD.message}\n    {BAD.fix}" in mail.text
    assert GOOD.message not in mail.text
    assert len(lines(caplog, "channel alert")) == 1
    assert await gauge(town, "provider_check") == 1
    assert (await town.check("provider_check"))["message"] == BAD.message


async def test_a_webhook_that_is_put_right_ends_the_alert(town: World, provider: Provider) -> None:
    provider.answers = (BAD,)
    await waits(town, minutes=60)
    assert await gauge(town, "provider_check") == 1

    provider.answers = (GOOD,)
    await waits(town, minutes=20)

    assert await gauge(town, "provider_check") == 0


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


async def test_one_mail_tells_of_all_that_is_new_about_a_channel(town: World, provider: Provider) -> None:
    provider.answers = (BAD,)
    await waits(town, minutes=20, step=10)
    for _ in range(12):
        await refused(town)
        await town.later(minutes=1)

    assert await gauge(town, "signature") == 1
    assert await gauge(town, "provider_check") == 1
    assert 1 <= len(mails(town)) <= 2


async def test_credentials_that_the_provider_refuses_raise_an_alert(town: World, provider: Provider) -> None:
    provider.answers = ConfigurationError("Authenticate", refused=True)

    await waits(town, minutes=60)

    assert "Authenticate" in mails(town)[0].text


@pytest.mark.parametrize(
    "answers",
    [
        (GOOD,),
        (Check("webhook", CheckState.UNKNOWN, "The provider does not tell."),),
        (Check("groups", CheckState.WARNING, "It cannot join groups."),),
        (),
        ProviderUnavailable("It answers 503."),
        TimeoutError(),
        KeyError("a fault of the plugin"),
    ],
)
async def test_what_is_not_known_to_be_wrong_raises_no_alert(
    town: World, provider: Provider, answers: tuple[Check, ...] | Exception
) -> None:
    provider.answers = answers

    await waits(town, minutes=3 * 60)

    assert provider.asked >= 3
    assert (mails(town), await gauge(town, "provider_check")) == ([], 0)


@pytest.mark.parametrize("error", [ProviderUnavailable("It answers 503."), TimeoutError()])
async def test_a_provider_that_cannot_be_asked_for_hours_raises_one_alert(
    town: World, provider: Provider, error: Exception
) -> None:
    provider.answers = error
    await waits(town, minutes=5 * 60)
    assert mails(town) == []

    await waits(town, minutes=5 * 60)
    (mail,) = mails(town)
    assert "could not be asked for 6 hours" in mail.text
    provider.answers = (GOOD,)
    await waits(town, minutes=20)

    assert await gauge(town, "provider_check") == 0


async def test_one_check_that_fails_is_looked_at_again_before_it_is_an_alert(town: World, provider: Provider) -> None:
    provider.answers = (BAD,)
    await town.later(minutes=1)
    await town.later(minutes=10)
    await town.later(minutes=2)
    assert provider.asked == 1
    provider.answers = (GOOD,)

    await waits(town, minutes=60)

    assert mails(town) == []


async def test_a_check_that_fails_every_other_time_is_mailed_at_most_once_a_day(
    town: World, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(24):
        provider.answers = (BAD,)
        await waits(town, minutes=70)
        provider.answers = (GOOD,)
        await waits(town, minutes=20)

    assert len(lines(caplog, "channel alert")) >= 20
    assert len(mails(town)) <= 2


async def test_providers_are_asked_about_once_an_hour(town: World, provider: Provider) -> None:
    for _ in range(24 * 60):
        await town.later(minutes=1)

    assert provider.asked == 24


async def test_nothing_is_asked_while_there_is_no_public_address(town: World, provider: Provider) -> None:
    await town.api("PUT", "/api/settings/public_chat_url", {"value": ""})

    await waits(town, minutes=3 * 60)

    assert provider.asked == 0


async def refused(world: World) -> None:
    """A webhook whose signature is wrong."""
    answer = await world.posts(await world.webhook(), world.inbound("hello"), token="f" * 32)
    assert answer.status_code == 403


async def test_webhooks_that_are_refused_raise_one_alert(town: World, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(30):
        await refused(town)
        await town.later(minutes=1)

    (mail,) = mails(town)
    assert "Webhooks are refused for their signature." in mail.text
    assert len(lines(caplog, "channel alert")) == 1
    assert await gauge(town, "signature") == 1


async def test_a_forged_webhook_beside_good_ones_raises_no_alert(town: World) -> None:
    zoe = town.person("Zoe")
    for _ in range(30):
        await refused(town)
        await town.later(minutes=1)
        await zoe.says("hello")

    assert mails(town) == []


async def test_a_message_that_is_accepted_ends_the_alert(town: World) -> None:
    for _ in range(12):
        await refused(town)
        await town.later(minutes=1)
    assert await gauge(town, "signature") == 1

    await town.person("Zoe").says("hello")
    await town.later(minutes=1)

    assert await gauge(town, "signature") == 0


class Broken(CapturedMailer):
    """A mail server that is down, and counts."""

    def __init__(self) -> None:
        super().__init__()
        self.down = True
        self.tries = 0

    async def send(self, mail: Mail) -> None:
        self.tries += 1
        if self.down:
            raise MailError("The mail server did not answer within 15 seconds.")
        await super().send(mail)


async def test_a_mail_about_an_alert_that_cannot_be_sent_is_tried_again(
    found: Found, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server = Broken()
    world = await found(mailer=server)
    world.mails = server
    Provider(world, monkeypatch).answers = (BAD,)
    for _ in range(6 * 60):
        await world.later(seconds=10)

    assert 1 <= server.tries <= 6
    assert len(lines(caplog, "alert mail failed")) == 1
    shown = await world.http.get(f"{PUBLIC}/metrics", headers={"Authorization": f"Bearer {ADMIN}"})
    assert f"trinity_channels_mail_failures_total {server.tries}.0" in shown.text
    server.down = False
    await waits(world, minutes=20)

    assert len(mails(world)) == 1


async def test_a_full_disk_makes_no_flood_of_mails(
    town: World, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider.answers = (BAD,)
    chores = town.host._housekeeping
    for _ in range(3):
        town.clock.tick(timedelta(minutes=10))
        await chores.do("channel watch")

    async def fails(_: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as full:
        full.setattr(town.host.store, "write", fails)
        for _ in range(2 * 60 * 6):  # two hours of rounds, one every ten seconds
            with contextlib.suppress(StoreError):
                await chores.do("alert mails")
            town.clock.tick(timedelta(seconds=10))

    assert len(mails(town)) == 2


async def test_without_a_mailer_the_alert_stands_in_log_metrics_and_health(
    found: Found, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world = await found(mailer=False)
    Provider(world, monkeypatch).answers = (BAD,)

    await waits(world, minutes=60)

    assert len(lines(caplog, "channel alert")) == 1
    assert await gauge(world, "provider_check") == 1
    assert (await world.binding())["health"]["state"] == "attention"
