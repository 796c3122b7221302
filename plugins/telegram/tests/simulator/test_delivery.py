from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from trinity_channels_telegram.simulator import TelegramSimulator

if TYPE_CHECKING:
    from conftest import Api, Host


@pytest.mark.usefixtures("hooked")
async def test_an_update_carries_the_secret(sim: TelegramSimulator, host: Host) -> None:
    await sim.phone("Zoe").says("hi @simulated_bot, /help@simulated_bot me@x.example")

    [request] = host.requests
    assert request.headers["X-Telegram-Bot-Api-Secret-Token"] == "fake-secret"
    [update] = host.updates
    assert update["message"]["from"]["id"] == update["message"]["chat"]["id"] == 5550001
    assert [(one["type"], one["offset"], one["length"]) for one in update["message"]["entities"]] == [
        ("mention", 3, 14),
        ("bot_command", 19, 19),
    ]


async def test_what_was_written_before_a_webhook_waits_for_it(sim: TelegramSimulator, api: Api, host: Host) -> None:
    await sim.phone("Zoe").says("hello")
    assert (await api("getWebhookInfo"))["result"]["pending_update_count"] == 1
    await api("setWebhook", url="https://host.test/hook")
    await sim.settle()

    assert host.texts == ["hello"]


async def test_what_waits_can_be_dropped(sim: TelegramSimulator, api: Api, host: Host) -> None:
    await sim.phone("Zoe").says("hello")
    await api("setWebhook", url="https://host.test/hook", drop_pending_updates=True)
    await sim.settle()

    assert host.requests == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(403), "Wrong response from the webhook: 403 Forbidden"),
        (httpx.Response(302), "Wrong response from the webhook: 302 Found"),
        (httpx.ReadTimeout("x"), "Read timeout expired"),
        (httpx.ConnectError("x"), "Connection refused"),
        (httpx.RemoteProtocolError("x"), "Connection reset by peer"),
    ],
)
async def test_a_failure_is_told_and_tried_again_at_once(
    sim: TelegramSimulator, hooked: Api, host: Host, answer: httpx.Response | Exception, words: str
) -> None:
    host.answers.append(answer)
    await sim.phone("Zoe").says("hello")
    info = (await hooked("getWebhookInfo"))["result"]

    assert host.texts == ["hello", "hello"]
    assert len({update["update_id"] for update in host.updates}) == 1
    assert (info["last_error_message"], info["pending_update_count"]) == (words, 0)


@pytest.mark.usefixtures("hooked")
async def test_pauses_grow_and_hold_up_one_chat_only(sim: TelegramSimulator, host: Host) -> None:
    host.answers.extend([httpx.Response(500)] * 4)
    zoe = sim.phone("Zoe")
    await zoe.says("one")  # tried twice
    await zoe.says("two")
    await sim.settle()
    assert host.texts == ["one"] * 2
    sim.advance(timedelta(seconds=2))
    await sim.settle()
    sim.advance(timedelta(seconds=3))
    await sim.settle()
    assert host.texts == ["one"] * 3
    sim.advance(timedelta(seconds=1))
    await sim.settle()  # the fourth failure
    sim.advance(timedelta(seconds=7))
    await sim.phone("Sam").says("hi")
    sim.advance(timedelta(seconds=1))
    await sim.settle()

    assert host.texts == ["one"] * 4 + ["hi", "one", "two"]


@pytest.mark.usefixtures("hooked")
async def test_the_host_may_name_the_pause(sim: TelegramSimulator, host: Host) -> None:
    host.answers.append(httpx.Response(503, headers={"Retry-After": "30"}))
    await sim.phone("Zoe").says("hello")
    sim.advance(timedelta(seconds=29))
    await sim.settle()
    assert len(host.requests) == 1
    sim.advance(timedelta(seconds=1))
    await sim.settle()

    assert len(host.requests) == 2


@pytest.mark.usefixtures("hooked")
async def test_after_a_day_a_message_is_lost(sim: TelegramSimulator, host: Host) -> None:
    host.answers.extend([httpx.Response(500)] * 2)
    zoe = sim.phone("Zoe")
    await zoe.says("lost")
    sim.advance(timedelta(hours=24))
    await zoe.says("found")

    assert host.texts == ["lost", "lost", "found"]


@pytest.mark.usefixtures("hooked")
async def test_numbers_follow_each_other_until_a_quiet_week(sim: TelegramSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.says("a")
    await zoe.says("b")
    sim.advance(timedelta(days=7))
    await zoe.says("c")
    first, second, third = (update["update_id"] for update in host.updates)

    assert second == first + 1
    assert third != second + 1


async def test_only_wanted_kinds_are_sent(sim: TelegramSimulator, api: Api, host: Host) -> None:
    await api("setWebhook", url="https://host.test/hook", allowed_updates=["message"])
    zoe = sim.phone("Zoe")
    said = await zoe.writes("a")
    await zoe.edits(said, "b")
    await zoe.blocks()

    assert [list(update)[1] for update in host.updates] == ["message"]


@pytest.mark.usefixtures("hooked")
async def test_edits_and_blocks_are_updates_too(sim: TelegramSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.edits(await zoe.writes("a"), "b")
    await zoe.blocks()

    edited, blocked = host.updates[1]["edited_message"], host.updates[2]["my_chat_member"]
    assert (edited["text"], "edit_date" in edited) == ("b", True)
    assert blocked["new_chat_member"]["status"] == "kicked"


@pytest.mark.usefixtures("hooked")
async def test_a_call_in_our_answer_is_executed(sim: TelegramSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    host.answers.append(httpx.Response(200, json={"method": "sendMessage", "chat_id": zoe.id, "text": "echo"}))
    host.answers.append(httpx.Response(200, json={"method": "sendMessage", "chat_id": 1, "text": "nobody learns"}))
    host.answers.append(httpx.Response(200, content=b"no call"))
    for text in ("a", "b", "c"):
        await zoe.says(text)

    assert [one.text for one in zoe.heard()] == ["echo"]


@pytest.mark.usefixtures("hooked")
async def test_a_webhook_can_be_repeated(sim: TelegramSimulator, host: Host) -> None:
    with pytest.raises(LookupError):
        await sim.repeat_last_webhook()
    await sim.phone("Zoe").says("hello")
    host.answers.extend([httpx.Response(409), httpx.ReadTimeout("x")])

    assert await sim.repeat_last_webhook() == 409
    assert await sim.repeat_last_webhook() == 504
    assert host.updates[0] == host.updates[1]
    assert [call.status for call in sim.webhook_calls] == [200, 409, None]


@pytest.mark.usefixtures("hooked")
@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("lunch?", False),
        ("@simulated_bot lunch?", True),
        ("@simulated_bot2 lunch?", False),
        ("hey@simulated_bot", False),
        ("привет,@Simulated_Bot", True),
        ("/help@simulated_bot", True),
        ("/help@other_bot", False),
        ("/help", False),
    ],
)
async def test_privacy_hides_what_is_not_for_the_bot(sim: TelegramSimulator, host: Host, text: str, seen: bool) -> None:
    zoe = sim.phone("Zoe")
    team = await sim.group("Team", zoe)
    await zoe.writes(text, chat=team)

    assert host.texts == ([text] if seen else [])


async def test_a_bare_command_goes_to_the_bot_that_spoke_last(sim: TelegramSimulator, hooked: Api, host: Host) -> None:
    zoe = sim.phone("Zoe")
    team = await sim.group("Team", zoe)
    await hooked("sendMessage", chat_id=team.id, text="hi")
    await zoe.writes("/help", chat=team)

    assert host.texts == ["/help"]


@pytest.mark.usefixtures("hooked")
async def test_files_and_places_are_sent_as_their_kind(sim: TelegramSimulator, host: Host) -> None:
    zoe = sim.phone("Zoe")
    await zoe.sends("photo", caption="look", file_id="AgACfake", width=9, height=9)
    await zoe.sends("location", latitude=52.5, longitude=13.4)

    photo, place = (update["message"] for update in host.updates)
    assert (photo["photo"][0]["file_id"], photo["caption"]) == ("AgACfake", "look")
    assert place["location"] == {"latitude": 52.5, "longitude": 13.4}


def test_a_phone_is_the_same_for_the_same_name(sim: TelegramSimulator) -> None:
    zoe = sim.phone("Zoe", "42")

    assert sim.phone("Zoe") is zoe
    assert zoe.address == "42"
    assert sim.phone("Sam").address != zoe.address
    for taken in ("42", "-1"):
        with pytest.raises(ValueError, match="identifier"):
            sim.phone("Other", taken)
    sim.connect("https://host.test/x")
    assert sim.bot.webhook.url == ""
