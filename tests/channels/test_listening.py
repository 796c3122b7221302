"""A bot is reached without a public address: the host fetches what people write, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import httpx
import pytest
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone
from tests.channels.test_alerts import opened
from tests.world import OWNER
from trinity_channels.api import (
    Binding,
    BindingState,
    Context,
    Deliver,
    Event,
    Fault,
    Ignored,
    Inbound,
    Malformed,
    NotStored,
    ProviderUnavailable,
)
from trinity_channels.bindings import listening
from trinity_channels.inbound import intake, listeners
from trinity_channels.inbound.accept import accept
from trinity_channels.inbound.listener import Listener
from trinity_channels.lease import LeaseLost
from trinity_channels.store import StoreError

TELEGRAM = "/api/agents/support/telegram"


@pytest.fixture
async def laptop(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Net]:
    """A host without a public address, whose agent listens to its bot."""
    async with Net(tmp_path, clock, public_chat_url=None) as net:
        await net.policy("open")
        await net.listens_to("telegram")
        yield net


@pytest.fixture
def zoe(laptop: Net) -> Someone:
    return laptop.stranger("telegram", "Zoe")


async def shown(net: Net) -> dict[str, Any]:
    found: dict[str, Any] = (await net.api("GET", TELEGRAM)).json()
    return found


async def check(net: Net, code: str = "connection") -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in (await shown(net))["health"]["checks"] if one["code"] == code)
    return found


def polled(net: Net) -> bool:
    """Whether the host waits for messages now."""
    simulator: Any = net.simulators["telegram"]
    waits: bool = simulator.is_polled()
    return waits


async def turns() -> None:
    """Let all that needs no time happen."""
    for _ in range(100):
        await asyncio.sleep(0)


async def back(net: Net, **delta: float) -> None:
    """Let time pass until the host waits for messages again."""
    await net.later(**(delta or {"minutes": 1}))
    await net.until(lambda: polled(net))
    await net.settle()


async def bot(net: Net, method: str, **parameters: Any) -> httpx.Response:
    """What another program calls with the bot's token."""
    token = net.simulators["telegram"].settings()["bot_token"]
    return await net.http.post(f"http://telegram.simulator/bot{token}/{method}", json=parameters)


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
    assert "It is tried again at" in found["fix"]
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


# --- plugins of every kind ---


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (KeyError("secret words"), "The plugin failed (KeyError)."),
        (asyncio.CancelledError(), "The plugin failed (CancelledError)."),
        (SystemExit(3), "The plugin failed (SystemExit)."),
        (GeneratorExit(), "The plugin failed (GeneratorExit)."),
        (LeaseLost("secret words"), "The plugin failed (LeaseLost)."),
        (ProviderUnavailable("It is being repaired."), "It is being repaired."),
        (None, "The connection has ended before anything came."),
    ],
)
async def test_a_plugin_that_ends_is_called_again(
    laptop: Net, monkeypatch: pytest.MonkeyPatch, error: BaseException | None, said: str
) -> None:
    calls = 0

    async def ends(*_: object) -> None:
        nonlocal calls
        calls += 1
        if error is not None:
            raise error

    await plugged(laptop, monkeypatch, ends)
    assert await pause(laptop) <= timedelta(seconds=1)
    for _ in range(10):
        await laptop.later(minutes=1)

    assert calls > 8
    assert timedelta(seconds=40) < await pause(laptop) <= timedelta(seconds=60)
    assert said in (await check(laptop))["message"]
    assert "secret words" not in (await laptop.api("GET", TELEGRAM)).text


@pytest.mark.parametrize(
    ("asked", "least"),
    [(3600, 3600), (90.5, 90.5), (10**9, 86_400), (0, 0.5), (-1, 0.5), (float("nan"), 0.5), (None, 0.5), ("1h", 0.5)],
)
async def test_the_pause_that_a_provider_asks_for_is_kept(
    laptop: Net, monkeypatch: pytest.MonkeyPatch, asked: Any, least: float
) -> None:
    async def busy(*_: object) -> None:
        raise ProviderUnavailable("Too many requests.", retry_after=asked)

    await plugged(laptop, monkeypatch, busy)

    assert least <= (await pause(laptop)).total_seconds() <= max(least, 1)


async def test_an_event_that_alone_cannot_be_stored_is_given_up_in_the_end(
    laptop: Net, zoe: Someone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failing(monkeypatch, "poison")
    await zoe.phone.says("poison")
    await zoe.phone.says("hello")
    for _ in range(4):
        await laptop.later(minutes=1)
        await turns()
    assert zoe.heard() == []
    for _ in range(3):
        await laptop.later(minutes=1)
        await turns()
    await laptop.settle()

    assert zoe.heard() == ["echo hello"]
    assert caplog.text.count("event given up") == 1


def failing(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """Let the host fail on events that say this."""

    def fails(tx: Any, binding: int, events: Any, now: datetime) -> Any:
        if any(said in {getattr(event, "text", ""), getattr(event, "code", "")} for event in events):
            raise RuntimeError("a fault of ours")
        return accept(tx, binding, events, now)

    monkeypatch.setattr(intake, "accept", fails)


async def test_events_beside_one_that_cannot_be_stored_are_stored_at_once(
    laptop: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspended = BindingState("suspended", works=False, message="The account is suspended.")

    refused: list[Exception] = []

    async def listen(_: Binding, __: Context, deliver: Deliver) -> None:
        try:
            await deliver(Inbound((BindingState("poison", works=False), suspended)))
        except NotStored as error:
            refused.append(error)
        await asyncio.Event().wait()

    failing(monkeypatch, "poison")
    await plugged(laptop, monkeypatch, listen)

    assert await opened(laptop) == [("telegram", "account")]
    assert len(refused) == 1


async def test_a_failure_of_the_hosts_own_ends_no_listener(
    laptop: Net, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    put, errors, calls = listening.put, [RuntimeError("a fault of ours")], 0

    def fails(*told: Any) -> None:
        if errors:
            raise errors.pop(0)
        put(*told)

    async def breaks(*_: object) -> None:
        nonlocal calls
        calls += 1
        raise ProviderUnavailable("It is being repaired.")

    monkeypatch.setattr(listening, "put", fails)
    await plugged(laptop, monkeypatch, breaks)
    for _ in range(3):
        await laptop.later(minutes=2)
        await turns()

    assert calls > 3
    assert "a fault of ours" in caplog.text
    assert "It is being repaired." in (await check(laptop))["message"]


async def test_a_listener_that_ends_unforeseen_is_begun_again(
    laptop: Net, zoe: Someone, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listeners, "LONGEST_PAUSE", 0.01)
    with monkeypatch.context() as broken:
        broken.setattr(Listener, "_wait", AsyncMock(side_effect=RuntimeError("a fault of ours")))
        broken.setattr(Listener, "_listen_once", AsyncMock(side_effect=RuntimeError("another one")))
        laptop.clock.tick(1)
        await laptop.api("PUT", TELEGRAM, {**laptop.simulators["telegram"].settings(), "listens": True})
        await laptop.until(lambda: "listener ended" in caplog.text)

    await laptop.until(lambda: polled(laptop))
    await zoe.says("hello")
    assert zoe.heard() == ["echo hello"]


async def test_a_plugin_that_cannot_be_cancelled_delivers_nothing_more(
    laptop: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "PATIENCE", 0.01)
    refused: list[BaseException] = []
    go = asyncio.Event()

    async def stays(_: Binding, __: Context, deliver: Deliver) -> None:
        await deliver(Inbound())
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await go.wait()
        try:
            await deliver(Inbound((BindingState("late", works=False),)))
        except NotStored as error:
            refused.append(error)

    await plugged(laptop, monkeypatch, stays)
    await laptop.api("DELETE", TELEGRAM)
    await laptop.until(lambda: not laptop.host.periodic.listeners.running)
    go.set()
    await laptop.until(lambda: bool(refused))

    assert await opened(laptop) == []


async def test_a_plugin_that_delivers_all_the_time_holds_up_nothing(
    laptop: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []

    async def other() -> None:
        for _ in range(9):
            order.append("other")
            await asyncio.sleep(0)

    async def delivers(_: Binding, __: Context, deliver: Deliver) -> None:
        await deliver(Inbound())
        beside = asyncio.create_task(other())
        while order.count("delivered") < 9:
            await deliver(Inbound())
            order.append("delivered")
        await beside
        await asyncio.Event().wait()

    await plugged(laptop, monkeypatch, delivers)

    assert order == ["other", "delivered"] * 9


async def test_something_else_than_events_is_refused(laptop: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    async def delivers(_: Binding, __: Context, deliver: Any) -> None:
        await deliver([])

    await plugged(laptop, monkeypatch, delivers)
    await laptop.later(seconds=0.1)

    assert "The plugin failed (TypeError)." in (await check(laptop))["message"]


async def pause(net: Net) -> timedelta:
    """How long after it has failed it is tried again."""
    (at, detail), *_ = net.rows("SELECT at, detail FROM trinity_channels_binding_notice WHERE code = 'listening'")
    return datetime.fromisoformat(json.loads(detail)[2]) - datetime.fromtimestamp(at / 1e6, UTC)


Listens = Callable[[Binding, Context, Deliver], Awaitable[None]]


async def plugged(net: Net, monkeypatch: pytest.MonkeyPatch, listen: Listens) -> None:
    """Put another `listen` in the plugin's place, and let it run."""
    monkeypatch.setattr(net.host.plugins["telegram"], "listen", listen)
    net.clock.tick(1)  # settings that were entered again have another time
    await net.api("PUT", TELEGRAM, {**net.simulators["telegram"].settings(), "listens": True})
    await turns()
    await net.settle()


def delivering(*events: Event) -> Listens:
    """It delivers these, and waits."""

    async def listen(_: Binding, __: Context, deliver: Deliver) -> None:
        await deliver(Inbound(events))
        await asyncio.Event().wait()

    return listen
