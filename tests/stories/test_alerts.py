"""Alerts about channels that do not work: one line, one count, one mail; and their end."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest

from tests.alerting import BAD, GOOD, Provider, gauge, lines, mails, waits
from tests.world import ADMIN, PUBLIC, Found, World
from trinity_channels.api import (
    Check,
    CheckState,
    ConfigurationError,
    ProviderUnavailable,
)
from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.mail.port import Mail, MailError
from trinity_channels.store import StoreError


@pytest.fixture
def provider(town: World, monkeypatch: pytest.MonkeyPatch) -> Provider:
    return Provider(town, monkeypatch)


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


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
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
    for _ in range(3):
        town.clock.tick(timedelta(minutes=10))
        await town.driver.do("channel watch")

    async def fails(_: object) -> None:
        raise StoreError("The disk is full.")

    with monkeypatch.context() as full:
        full.setattr(town.host.store, "write", fails)
        for _ in range(2 * 60 * 6):  # two hours of rounds, one every ten seconds
            with contextlib.suppress(StoreError):
                await town.driver.do("alert mails")
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
