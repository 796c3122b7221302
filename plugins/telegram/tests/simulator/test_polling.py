"""`getUpdates` as Telegram answers it: by offset, one question at a time, and never beside a webhook."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from trinity_channels_telegram.simulator import TelegramSimulator

if TYPE_CHECKING:
    from conftest import Api

WEBHOOK = "https://host.test/api/telegram/webhook/key"


async def waits(sim: TelegramSimulator) -> None:
    """Let a question arrive."""
    while not sim.is_polled():  # noqa: ASYNC110  nothing tells of it
        await asyncio.sleep(0)


async def texts(api: Api, **params: Any) -> list[str]:
    return [one["message"]["text"] for one in (await api("getUpdates", **params))["result"]]


async def test_updates_stay_until_a_higher_offset_is_asked_for(sim: TelegramSimulator, api: Api) -> None:
    zoe = sim.phone("Zoe")
    for text in ("one", "two", "three"):
        await zoe.says(text)

    numbers = [one["update_id"] for one in (await api("getUpdates"))["result"]]

    assert await texts(api) == ["one", "two", "three"]
    assert await texts(api, limit=1) == ["one"]
    assert await texts(api, offset=numbers[1]) == ["two", "three"]
    assert await texts(api, offset=-1) == ["three"]
    assert await texts(api) == ["three"]  # what was before that one is forgotten
    assert (await api("getWebhookInfo"))["result"]["pending_update_count"] == 1
    assert await texts(api, offset=numbers[2] + 1) == []
    assert zoe.chat.messages[-1].seen


async def test_a_question_is_answered_as_soon_as_something_comes(sim: TelegramSimulator, api: Api) -> None:
    asked = asyncio.create_task(texts(api, timeout=50))
    await waits(sim)
    said = asyncio.create_task(sim.phone("Zoe").says("hello"))

    assert await asked == ["hello"]
    said.cancel()


async def test_the_later_of_two_questions_wins(sim: TelegramSimulator, api: Api) -> None:
    first = asyncio.create_task(api.post("getUpdates", timeout=50))
    await waits(sim)

    assert (await api("getUpdates"))["ok"] is True

    refused = await first
    assert refused.status_code == 409
    assert "terminated by other getUpdates request" in refused.json()["description"]


async def test_a_webhook_ends_a_question(sim: TelegramSimulator, api: Api) -> None:
    asked = asyncio.create_task(api.post("getUpdates", timeout=50))
    await waits(sim)

    await api("setWebhook", url=WEBHOOK)

    assert "terminated by setWebhook request" in (await asked).json()["description"]
    assert "while webhook is active" in (await api.post("getUpdates")).json()["description"]


async def test_what_is_a_day_old_is_gone(sim: TelegramSimulator, api: Api) -> None:
    await sim.phone("Zoe").says("hello")
    sim.advance(timedelta(hours=25))

    assert await texts(api) == []


async def test_only_the_kinds_that_were_asked_for_come(sim: TelegramSimulator, api: Api) -> None:
    await api("getUpdates", allowed_updates=["callback_query"])
    await sim.phone("Zoe").says("hello")

    assert await texts(api) == []


async def test_a_host_that_hangs_up_is_not_waited_for(sim: TelegramSimulator) -> None:
    """A server that stops waits for every call that it answers."""
    messages: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    messages.put_nowait({"type": "http.request", "body": b"", "more_body": False})
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/bot{sim.bot.token}/getUpdates",
        "query_string": b"timeout=50",
        "headers": [],
    }

    async def send(_: object) -> None:
        return

    call = asyncio.create_task(sim.app(scope, messages.get, send))
    async with asyncio.timeout(10):
        await waits(sim)
        messages.put_nowait({"type": "http.disconnect"})
        await call

    assert not sim.is_polled()
