"""Long polling: what is asked, what is delivered, and what odd answers come to."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from trinity_channels.api import (
    Binding,
    ChannelError,
    ConfigurationError,
    Inbound,
    Malformed,
    MessageReceived,
    NotStored,
    ProviderUnavailable,
)
from trinity_channels_telegram import inbound, listening, plugin

ZOE = {"id": 5550001, "is_bot": False, "first_name": "Zoe"}
NO_WEBHOOK = (200, {"ok": True, "result": {"url": ""}})
DONE = (401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
"""What ends a story."""


def update(number: object, text: str = "hello") -> dict[str, Any]:
    message = {
        "message_id": 11,
        "from": ZOE,
        "chat": {"id": 5550001, "type": "private"},
        "date": 1795300000,
        "text": text,
    }
    return {"update_id": number, "message": message}


def ok(result: object) -> tuple[int, object]:
    return 200, {"ok": True, "result": result}


@pytest.fixture(autouse=True)
def paused(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made; they take no time."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    return found


class Heard:
    """What was delivered."""

    def __init__(self) -> None:
        self.batches: list[Inbound] = []

    async def __call__(self, inbound: Inbound) -> None:
        self.batches.append(inbound)

    @property
    def texts(self) -> list[str]:
        events = [event for one in self.batches for event in one.events]
        return [event.text if isinstance(event, MessageReceived) else type(event).__name__ for event in events]


async def listens(binding: Binding, telegram: Any, *answers: tuple[int, object]) -> tuple[Heard, Exception]:
    """Listen to these answers, after the one that there is no webhook; returns how that has ended."""
    telegram.answers(NO_WEBHOOK, *answers, DONE)
    heard = Heard()
    with pytest.raises(ChannelError) as ended:
        await plugin.listen(replace(binding, listens=True), telegram.ctx, heard)
    return heard, ended.value


async def test_it_asks_after_what_was_stored(binding: Binding, telegram: Any) -> None:
    heard, _ = await listens(
        binding, telegram, ok([]), ok([update(7, "one"), update(8, "two")]), ok([]), ok([update(3)])
    )

    (first, _), *polls = telegram.calls
    assert first == "getWebhookInfo"
    assert {name for name, _ in polls} == {"getUpdates"}
    # After a quiet week the numbers begin anywhere, so that nothing is asked for by an old one.
    assert [call.get("offset") for _, call in polls] == [None, None, 9, None, 4]
    assert [call["timeout"] for _, call in polls] == [0, 25, 25, 25, 25]
    assert polls[0][1]["allowed_updates"] == ["message", "edited_message", "callback_query", "my_chat_member"]
    assert heard.texts == ["one", "two", "hello"]
    assert heard.batches[0] == Inbound()


@pytest.mark.parametrize(
    "repeated",
    [ok([]), ok([update(7)]), ok([update(6), update(7)])],
    ids=["nothing", "the last one", "old ones"],
)
async def test_answers_without_news_that_come_at_once_are_not_asked_for_without_a_pause(
    binding: Binding, telegram: Any, paused: list[float], repeated: tuple[int, object]
) -> None:
    await listens(binding, telegram, ok([update(7)]), *[repeated] * 20)

    assert 19 <= paused.count(listening.PACE) <= 20


async def test_news_and_answers_that_take_their_time_are_asked_for_at_once(
    binding: Binding, telegram: Any, paused: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    await listens(binding, telegram, *[ok([update(number)]) for number in range(9)])
    monkeypatch.setattr(listening, "POLL", 0)
    await listens(binding, telegram, *[ok([])] * 9)

    assert paused == []


@pytest.mark.parametrize("fits", [1, 5, 17])
async def test_a_backlog_of_long_messages_is_fetched_in_pieces(binding: Binding, telegram: Any, fits: int) -> None:
    """The host's client reads no answer that is longer than 4 MB: 81 messages that answer as long ones may be."""
    waiting = [update(number, str(number)) for number in range(50)]

    def answers(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        found = [one for one in waiting if one["update_id"] >= asked.get("offset", 0)][: asked["limit"]]
        if len(found) > fits:
            raise httpx.RemoteProtocolError("The answer is longer than 4000000 bytes.", request=request)
        return httpx.Response(200 if found else 401, json={"ok": bool(found), "result": found})

    telegram.answers(NO_WEBHOOK, answers)
    heard = Heard()
    with pytest.raises(ConfigurationError):
        await plugin.listen(binding, telegram.ctx, heard)

    assert heard.texts == [str(number) for number in range(50)]
    assert max(call["limit"] for name, call in telegram.calls if name == "getUpdates") * 200_000 < 4_000_000


async def test_it_waits_longer_than_telegram_does(binding: Binding, telegram: Any) -> None:
    await listens(binding, telegram, ok([]), ok([]))

    read = [one.extensions["timeout"]["read"] for one in telegram.requests if one.url.path.endswith("getUpdates")]
    assert min(read[1:]) >= 30


async def test_what_is_not_stored_is_not_acknowledged(binding: Binding, telegram: Any) -> None:
    telegram.answers(NO_WEBHOOK, ok([update(7), update(8)]), DONE)

    async def full(_: Inbound) -> None:
        raise NotStored("The disk is full.")

    with pytest.raises(NotStored):
        await plugin.listen(binding, telegram.ctx, full)

    assert len(telegram.calls) == 2


@pytest.mark.parametrize(
    "result",
    [
        {},
        None,
        "updates",
        7,
        True,
        [[]],
        [None],
        ["x"],
        [{}],
        [{"update_id": None}],
        [{"update_id": "7"}],
        [{"update_id": True}],
        [{"update_id": 2**70}],
        [{"update_id": 7.5}],
    ],
)
async def test_an_answer_without_updates_is_no_usable_one(binding: Binding, telegram: Any, result: object) -> None:
    heard, ended = await listens(binding, telegram, ok(result))

    assert isinstance(ended, ProviderUnavailable)
    assert heard.batches == []


async def test_what_cannot_be_numbered_holds_up_nothing_beside_it(binding: Binding, telegram: Any) -> None:
    heard, ended = await listens(
        binding, telegram, ok([update(7, "one"), {"odd": 1}, update(9, "two")]), ok([{"odd": 1}])
    )

    assert heard.texts == ["one", "Malformed", "two"]
    assert isinstance(ended, ProviderUnavailable)
    assert telegram.calls[-1][1]["offset"] == 10


@pytest.mark.parametrize("error", [KeyError("x"), RecursionError(), ProviderUnavailable("odd")])
async def test_an_update_that_cannot_be_read_holds_up_none_behind_it(
    binding: Binding, telegram: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    read = inbound.read

    def fails(update: Any, to: Binding) -> Inbound:
        if update["update_id"] == 7:
            raise error
        return read(update, to)

    monkeypatch.setattr(inbound, "read", fails)
    heard, _ = await listens(binding, telegram, ok([update(7), update(8, "two")]))

    assert heard.texts == ["Malformed", "two"]
    assert telegram.calls[-1][1]["offset"] == 9


@pytest.mark.parametrize(
    "kind", [{}, {"message": None}, {"message": 7}, {"message": []}, {"teleport": {}}, {"message": {}}]
)
async def test_an_odd_update_is_acknowledged(binding: Binding, telegram: Any, kind: dict[str, object]) -> None:
    heard, _ = await listens(binding, telegram, ok([{"update_id": 7, **kind}, update(8)]))

    assert heard.texts[-1] == "hello"
    assert not any(isinstance(event, Malformed) for one in heard.batches for event in one.events)
    assert telegram.calls[-1][1]["offset"] == 9


def refused(code: int, words: str = "", **parameters: int) -> tuple[int, object]:
    return code, {"ok": False, "error_code": code, "description": words, "parameters": parameters}


OTHER = "Conflict: terminated by other getUpdates request"
TAKEN = "Conflict: terminated by setWebhook request"
ACTIVE = "Conflict: can't use getUpdates method while webhook is active"


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (refused(401, "Unauthorized"), ConfigurationError, "refused the bot token"),
        (refused(404, "Not Found"), ConfigurationError, "refused the bot token"),
        (refused(409, OTHER), ProviderUnavailable, "Another program fetches"),
        (refused(409, TAKEN), ConfigurationError, "set a webhook"),
        (refused(409, ACTIVE), ConfigurationError, "set a webhook"),
        (refused(429, retry_after=3600), ProviderUnavailable, "in 3600 seconds"),
        (refused(400, "Bad Request: odd"), ProviderUnavailable, "does not give"),
        (refused(500, "Internal Server Error"), ProviderUnavailable, "cannot answer"),
        ((502, "<html>"), ProviderUnavailable, "no usable answer"),
        ((200, []), ProviderUnavailable, "no usable answer"),
    ],
)
async def test_a_refusal_says_who_can_do_something(
    binding: Binding, telegram: Any, answer: tuple[int, object], error: type[Exception], said: str
) -> None:
    _, ended = await listens(binding, telegram, answer, answer)

    assert isinstance(ended, error)
    assert said in str(ended)
    assert getattr(ended, "retry_after", None) == (3600 if answer[0] == httpx.codes.TOO_MANY_REQUESTS else None)
    assert "FakeToken" not in str(ended)


async def test_a_short_pause_is_waited_for(binding: Binding, telegram: Any) -> None:
    heard, _ = await listens(binding, telegram, refused(429, retry_after=0), ok([update(7)]))

    assert heard.texts == ["hello"]


async def test_a_cut_connection_is_unavailable(binding: Binding, telegram: Any) -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut", request=request)

    telegram.answers(NO_WEBHOOK, ok([update(7)]), cut)
    heard = Heard()
    with pytest.raises(ProviderUnavailable):
        await plugin.listen(binding, telegram.ctx, heard)

    assert heard.texts == ["hello"]


OURS, OTHERS = "https://chat.example.org/api/telegram/webhook/key", "https://elsewhere.example.org/hook"


@pytest.mark.parametrize(
    ("there", "claims", "taken_away"),
    [(OURS, False, True), (OURS, True, True), (OTHERS, True, True), (OTHERS, False, False), (f"{OURS}x", False, False)],
)
async def test_another_programs_webhook_is_taken_away_only_when_the_owner_has_just_said_so(
    binding: Binding, telegram: Any, there: str, claims: bool, taken_away: bool
) -> None:
    telegram.answers(ok({"url": there}), *([ok(result=True)] if taken_away else []), DONE)
    with pytest.raises(ConfigurationError) as ended:
        await plugin.listen(
            replace(binding, listens=True, claims=claims), replace(telegram.ctx, webhook_url=OURS), Heard()
        )

    assert [name for name, _ in telegram.calls][1:] == (["deleteWebhook", "getUpdates"] if taken_away else [])
    assert ("Another program" in str(ended.value)) is not taken_away
