"""A bot is reached without a public address: the host fetches what people write, whatever happens on the way."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.channels.laptop import TELEGRAM, back, bot, check, delivering, plugged, polled, shown, turns
from tests.channels.net import Net, Someone
from tests.channels.test_alerts import opened
from tests.world import OWNER
from trinity_channels.api import (
    BindingState,
    Fault,
    Ignored,
    Malformed,
)
from trinity_channels.store import StoreError


@pytest.fixture
def zoe(laptop: Net) -> Someone:
    return laptop.stranger("telegram", "Zoe")


async def test_a_bot_answers_without_a_public_address(laptop: Net, zoe: Someone) -> None:
    await zoe.says("hello", "and again")

    assert zoe.heard() == ["echo hello", "echo and again"]
    found = await shown(laptop)
    assert (found["listens"], found["webhook_url"], found["health"]["state"]) == (True, None, "ok")
    assert found["connection"]["connected_since"]
    codes = {one["code"] for one in found["health"]["checks"]}
    assert "connection" in codes
    assert not codes & {"public_chat_url", "webhook_path", "signature", "webhook_address", "webhook_to_set"}
    assert (await laptop.api("POST", f"{TELEGRAM}/test", {})).json()["ok"] is True


# --- the connection ---


@pytest.mark.parametrize("fault", [Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.SERVER_ERROR, Fault.HTML_ERROR])
async def test_a_connection_that_breaks_loses_nothing_and_repeats_nothing(
    laptop: Net, zoe: Someone, fault: Fault
) -> None:
    telegram: Any = laptop.simulators["telegram"]
    await zoe.says("one")
    # The poll that waits is answered with "two"; the next one meets the fault.
    telegram.inject_polling(fault, times=2)
    await zoe.says("two")
    await zoe.phone.says("three")
    for _ in range(3):
        await back(laptop)

    assert zoe.heard() == ["echo one", "echo two", "echo three"]
    assert (await check(laptop))["state"] == "ok"


async def test_what_was_delivered_and_not_acknowledged_is_answered_once(laptop: Net, zoe: Someone) -> None:
    telegram: Any = laptop.simulators["telegram"]
    # The answer that holds the message is lost.
    await laptop.stops()
    await zoe.phone.says("hello")
    telegram.inject_polling(Fault.CUT_AFTER)
    await laptop.starts()
    await back(laptop)

    assert zoe.heard() == ["echo hello"]


async def test_trouble_is_shown_while_it_lasts_and_alerts_the_owner_in_the_end(laptop: Net, zoe: Someone) -> None:
    telegram: Any = laptop.simulators["telegram"]
    telegram.inject_polling(Fault.SERVER_ERROR, times=1000)
    await zoe.says("hello")  # the answer to the poll that waits; the next fails
    await laptop.until(lambda: not telegram.is_polled())
    await laptop.later(seconds=1)

    found = await check(laptop)
    assert (found["state"], "Telegram cannot answer now" in found["message"]) == ("warning", True)
    assert "The next attempt is at" in found["fix"]
    assert (await shown(laptop))["connection"]["next_try_at"]

    for _ in range(15):
        await laptop.later(minutes=1)
    assert (await check(laptop))["state"] == "failed"
    assert [mail.subject for mail in laptop.mails.to(OWNER) if "may not be reachable" in mail.subject]

    telegram.forgive_polling()
    await back(laptop, minutes=2)
    await laptop.later(minutes=2)
    assert (await check(laptop))["state"] == "ok"
    assert await opened(laptop) == []


async def test_a_revoked_token_alerts_the_owner_and_the_new_one_is_used_at_once(laptop: Net, zoe: Someone) -> None:
    telegram: Any = laptop.simulators["telegram"]
    telegram.revoke_token()
    await zoe.says("hello")  # the answer to the poll that waits

    assert await opened(laptop) == [("telegram", "account")]
    assert "refused the bot token" in (await check(laptop))["message"]
    # It is tried rarely, and does not fill mailboxes.
    for _ in range(25):
        await laptop.later(minutes=1)
    assert len([mail for mail in laptop.mails.to(OWNER) if "may not be reachable" in mail.subject]) == 1

    await laptop.listens_to("telegram")
    await zoe.says("and now?")

    assert await opened(laptop) == []
    assert zoe.heard()[-1] == "echo and now?"


async def test_a_token_that_works_again_ends_the_alert(laptop: Net, zoe: Someone) -> None:
    telegram: Any = laptop.simulators["telegram"]
    telegram.inject_polling(Fault.UNAUTHORIZED)
    await zoe.says("hello")
    assert await opened(laptop) == [("telegram", "account")]

    await back(laptop, minutes=11)

    assert await opened(laptop) == []
    assert (await check(laptop))["state"] == "ok"


async def test_another_program_that_fetches_is_told_of(laptop: Net, zoe: Someone) -> None:
    await bot(laptop, "getUpdates")  # the later one wins
    await turns()

    assert "Another program fetches this bot's messages" in (await check(laptop))["message"]
    await back(laptop)
    await zoe.says("hello")
    assert zoe.heard() == ["echo hello"]


async def test_another_programs_webhook_is_told_of(laptop: Net) -> None:
    await laptop.settle()
    await bot(laptop, "setWebhook", url="https://elsewhere.example.org/hook")
    await turns()

    assert await opened(laptop) == [("telegram", "account")]
    assert "Another program has set a webhook" in (await check(laptop))["message"]
    verified = (await laptop.api("POST", f"{TELEGRAM}/test", {})).json()
    assert "go to elsewhere.example.org" in str(verified)
    # It is the other program's, also for a host that starts again.
    await laptop.later(minutes=11)
    await laptop.dies()
    await laptop.starts()
    assert await opened(laptop) == [("telegram", "account")]

    await laptop.listens_to("telegram")
    assert await opened(laptop) == []


# --- the store, and the host ---


async def test_what_cannot_be_stored_comes_again(laptop: Net, zoe: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    write, broken = laptop.host.store.write, True

    async def fails(unit: Any) -> Any:
        if broken:
            raise StoreError("The disk is full.")
        return await write(unit)

    monkeypatch.setattr(laptop.host.store, "write", fails)
    await zoe.phone.says("hello")
    await laptop.settle()
    assert zoe.heard() == []

    broken = False
    await back(laptop)
    await back(laptop)

    assert zoe.heard() == ["echo hello"]


async def test_a_killed_host_loses_nothing(laptop: Net, zoe: Someone) -> None:
    await zoe.says("one")
    await laptop.dies()
    await zoe.phone.says("two")

    await laptop.starts()
    await laptop.until(lambda: polled(laptop))
    await laptop.settle()

    assert zoe.heard() == ["echo one", "echo two"]
    assert (await check(laptop))["state"] == "ok"


async def test_a_host_that_stops_asks_no_more(laptop: Net) -> None:
    await laptop.stops()

    assert not polled(laptop)


async def test_another_process_that_leads_listens_alone(laptop: Net) -> None:
    telegram: Any = laptop.simulators["telegram"]
    laptop.host.store.resign()
    await laptop.until(lambda: not telegram.is_polled())
    await laptop.api("PUT", TELEGRAM, dict(telegram.settings()))  # news, for those who lead
    await laptop.settle()
    assert not telegram.is_polled()

    await laptop.host.store.listen(lead=True)

    await laptop.until(telegram.is_polled)


async def test_a_malformed_event_alone_is_taken(
    laptop: Net, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await plugged(laptop, monkeypatch, delivering(Malformed("no number"), Ignored("poll")))

    assert "malformed event" in caplog.text
    assert (await check(laptop))["state"] == "ok"


# --- the owner ---


async def test_disconnecting_ends_it(laptop: Net, zoe: Someone) -> None:
    await laptop.api("DELETE", TELEGRAM)
    await laptop.until(lambda: not polled(laptop))
    await zoe.phone.says("hello")
    assert zoe.heard() == []

    await laptop.listens_to("telegram")
    await laptop.settle()

    assert zoe.heard() == ["echo hello"]  # Telegram has kept it


async def test_the_way_is_changed_with_the_settings(net: Net) -> None:
    await net.policy("open")
    zoe, telegram = net.stranger("telegram", "Zoe"), net.simulators["telegram"]
    hook = (await shown(net))["webhook_url"]
    await zoe.says("by webhook")

    found = await net.listens_to("telegram")
    assert found["webhook_url"] is None
    await zoe.says("fetched")
    # Not acknowledged, as it could be a message.
    assert (await net.http.post(hook, content=b"{}")).status_code == httpx.codes.FORBIDDEN
    assert (await check(net))["state"] == "ok"
    assert "signature" not in {one["code"] for one in (await shown(net))["health"]["checks"]}

    answer = await net.api("PUT", TELEGRAM, {**telegram.settings(), "listens": False})
    assert answer.json()["webhook_url"] == hook
    await zoe.says("by webhook again")
    assert zoe.heard() == ["echo by webhook", "echo fetched", "echo by webhook again"]
    assert await opened(net) == []


async def test_settings_that_are_entered_again_keep_the_way(laptop: Net) -> None:
    answer = await laptop.api("PUT", TELEGRAM, {})

    assert answer.json()["listens"] is True


@pytest.mark.parametrize(
    ("channel", "given", "status"),
    [("telegram", "yes", 422), ("telegram", 1, 422), ("whatsapp", True, 422), ("telegram", None, 200)],
)
async def test_the_way_has_to_be_one_of_the_channels(net: Net, channel: str, given: object, status: int) -> None:
    settings = net.simulators[channel].settings()
    net.clock.tick(2)  # Telegram's flood control
    answer = await net.api("PUT", f"/api/agents/support/{channel}", {**settings, "listens": given})

    assert answer.status_code == status
    assert status == httpx.codes.OK or answer.json()["field"] == "listens"


@pytest.mark.parametrize("action", ["rotate-webhook", "set-webhook", "probe"])
async def test_there_is_no_webhook_to_change(laptop: Net, action: str) -> None:
    answer = await laptop.api("POST", f"{TELEGRAM}/{action}", {})

    assert (answer.status_code, answer.json()["code"]) == (409, "no_webhook")


async def test_what_a_provider_reports_of_the_account_is_told(laptop: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    suspended = BindingState("suspended", works=False, message="The account is suspended.")

    await plugged(laptop, monkeypatch, delivering(suspended))

    assert await opened(laptop) == [("telegram", "account")]
