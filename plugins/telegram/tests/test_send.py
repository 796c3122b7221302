"""Sending: what is posted, and into which of the four outcomes every answer falls."""

from __future__ import annotations

import logging
import traceback
from typing import Any

import httpx
import pytest

from trinity_channels.api import (
    Binding,
    ChannelError,
    DeliveryState,
    OutboundMessage,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
)
from trinity_channels_contract_tests.testing import failing
from trinity_channels_telegram import plugin

TOKEN = "7770001:FakeTokenOfTheTests"
FAULT = f"while posting to https://api.telegram.org/bot{TOKEN}/sendMessage"
MESSAGE = OutboundMessage("d-42", "5550001", "<b>hello</b> 6 &lt; 7 🙂")
TAKEN = (200, {"ok": True, "result": {"message_id": 77, "date": 1}})


def refusal(code: int, description: str, **parameters: int) -> tuple[int, object]:
    return code, {"ok": False, "error_code": code, "description": description, "parameters": parameters}


def to(address: str, text: str = MESSAGE.text) -> OutboundMessage:
    return OutboundMessage("d-42", address, text)


async def test_a_message_is_posted_once(binding: Binding, telegram: Any) -> None:
    telegram.answers(TAKEN)

    receipt = await plugin.send(binding, MESSAGE, telegram.ctx)

    assert (receipt.provider_id, receipt.state) == ("5550001:77", DeliveryState.SENT)
    [(method, parameters)] = telegram.calls
    assert method == "sendMessage"
    assert parameters == {
        "chat_id": 5550001,
        "text": MESSAGE.text,
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    [request] = telegram.requests
    assert (request.url.host, request.url.path) == ("api.telegram.org", f"/bot{TOKEN}/sendMessage")


async def test_a_stand_in_can_take_telegrams_place(binding: Binding, telegram: Any) -> None:
    telegram.api_base_url = "http://127.0.0.1:8081/base/"
    telegram.answers(TAKEN)

    await plugin.send(binding, MESSAGE, telegram.ctx)

    assert telegram.requests[0].url.path == f"/base/bot{TOKEN}/sendMessage"
    assert telegram.requests[0].url.port == 8081


async def test_an_answer_goes_to_its_topic(binding: Binding, telegram: Any) -> None:
    telegram.answers(TAKEN)

    receipt = await plugin.send(binding, to("-1009990001/30"), telegram.ctx)

    [(_, parameters)] = telegram.calls
    assert (parameters["chat_id"], parameters["message_thread_id"]) == (-1009990001, 30)
    assert receipt.provider_id == "-1009990001/30:77"


@pytest.mark.parametrize("address", ["", "zoe", "@zoe", "0", "-0", "5550001/", "5550001/x", "1" * 17, "5550001\n"])
async def test_what_is_no_address_is_never_sent(address: str, binding: Binding, telegram: Any) -> None:
    with pytest.raises(SendRejected) as outcome:
        await plugin.send(binding, to(address), telegram.ctx)

    assert outcome.value.failure.code == "bad_address"
    assert telegram.requests == []


OUTCOMES = [
    # certainly not taken: no connection, or told to wait
    pytest.param(failing(httpx.ConnectError(FAULT)), SendDeferred, id="no connection"),
    pytest.param(failing(httpx.ConnectTimeout(FAULT)), SendDeferred, id="no connection in time"),
    pytest.param(failing(httpx.PoolTimeout(FAULT)), SendDeferred, id="no free connection"),
    pytest.param(refusal(429, "Too Many Requests: retry after 7", retry_after=7), SendDeferred, id="429"),
    pytest.param((302, ""), SendDeferred, id="a redirect"),
    pytest.param((308, "<html>moved</html>"), SendDeferred, id="a redirect with a page"),
    pytest.param(
        (307, {"ok": True, "result": {"message_id": 7}}), SendDeferred, id="a redirect that says it was taken"
    ),
    # may have been taken
    pytest.param(failing(httpx.ReadTimeout(FAULT)), SendUnknown, id="no answer in time"),
    pytest.param(failing(httpx.WriteTimeout(FAULT)), SendUnknown, id="not written in time"),
    pytest.param(failing(httpx.ReadError(FAULT)), SendUnknown, id="cut"),
    pytest.param(failing(httpx.RemoteProtocolError(FAULT)), SendUnknown, id="cut in the middle"),
    pytest.param(failing(httpx.DecodingError(FAULT)), SendUnknown, id="garbled"),
    pytest.param(failing(OSError(FAULT)), SendUnknown, id="a broken socket"),
    pytest.param(failing(TimeoutError(FAULT)), SendUnknown, id="the deadline"),
    pytest.param(refusal(500, "Internal Server Error: restart"), SendUnknown, id="500"),
    pytest.param((502, "<html>Bad Gateway</html>"), SendUnknown, id="HTML 502"),
    pytest.param((429, "<html>slow down</html>"), SendUnknown, id="a proxy's 429"),
    pytest.param((403, "<html>no</html>"), SendUnknown, id="a proxy's 403"),
    pytest.param((200, "<html>hotel</html>"), SendUnknown, id="200 with HTML"),
    pytest.param((200, ""), SendUnknown, id="200 with nothing"),
    pytest.param((200, []), SendUnknown, id="200 with a list"),
    pytest.param((200, {"ok": "yes"}), SendUnknown, id="200 with an odd envelope"),
    pytest.param((200, {"ok": True}), SendUnknown, id="200 without a result"),
    pytest.param((200, {"ok": True, "result": True}), SendUnknown, id="200 without a message"),
    pytest.param((200, {"ok": True, "result": {"message_id": "7"}}), SendUnknown, id="200 with an odd number"),
    # never
    pytest.param(refusal(400, "Bad Request: chat not found"), SendRejected, id="chat not found"),
    pytest.param(refusal(400, "Bad Request: message is too long"), SendRejected, id="too long"),
    pytest.param(refusal(401, "Unauthorized"), SendRejected, id="token revoked"),
    pytest.param(refusal(403, "Forbidden: bot was blocked by the user"), SendRejected, id="blocked"),
    pytest.param(refusal(404, "Not Found"), SendRejected, id="malformed token"),
    pytest.param((400, {"ok": False}), SendRejected, id="a refusal without words"),
    pytest.param((200, {"ok": False, "error_code": 400, "description": None}), SendRejected, id="a refusal with 200"),
    pytest.param(refusal(400, "Bad Request: 401 is in these words"), SendRejected, id="a number in the words"),
]


@pytest.mark.parametrize(("script", "expected"), OUTCOMES)
async def test_every_answer_has_its_outcome(
    script: Any, expected: type[SendError], binding: Binding, telegram: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    telegram.answers(script)

    with pytest.raises(SendError) as outcome:
        await plugin.send(binding, MESSAGE, telegram.ctx)

    assert type(outcome.value) is expected
    assert len(telegram.requests) == 1
    chain: list[BaseException] = [outcome.value]
    while earlier := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(earlier)
    shown = "".join(traceback.format_exception(outcome.value)) + caplog.text + "".join(map(repr, chain))
    for secret in ("FakeToken", "hello", "5550001"):
        assert secret not in shown
    assert not [one for one in chain if isinstance(one, httpx.HTTPError)]


@pytest.mark.parametrize(
    ("code", "description", "name", "kind"),
    [
        (400, "Bad Request: chat not found", "chat_not_found", "recipient"),
        (400, "Bad Request: message is too long", "too_long", "permanent"),
        (400, "Bad Request: message text is empty", "empty", "permanent"),
        (400, "Bad Request: not enough rights to send text messages to the chat", "no_rights", "operator"),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", "no_rights", "operator"),
        (403, "Forbidden: bot was blocked by the user", "blocked", "recipient"),
        (403, "Forbidden: user is deactivated", "deactivated", "permanent"),
        (403, "Forbidden: bot can't initiate conversation with a user", "not_started", "recipient"),
        (403, "Forbidden: bot was kicked from the supergroup chat", "removed", "operator"),
        (403, "Forbidden: bot is not a member of the channel chat", "removed", "operator"),
        (403, "Forbidden: the group chat was deleted", "deleted", "permanent"),
        (403, "Forbidden: bot can't send messages to the bot", "to_a_bot", "permanent"),
        (401, "Unauthorized", "token_refused", "operator"),
        (404, "Not Found", "token_refused", "operator"),
        (409, "Conflict: terminated by other getUpdates request", "conflict", "operator"),
        (413, "Request Entity Too Large", "too_large", "permanent"),
        (418, "I'm a teapot", "418", "permanent"),
    ],
)
async def test_a_refusal_says_who_can_act(
    code: int, description: str, name: str, kind: str, binding: Binding, telegram: Any
) -> None:
    telegram.answers(refusal(code, description))

    with pytest.raises(SendRejected) as outcome:
        await plugin.send(binding, MESSAGE, telegram.ctx)

    failure = outcome.value.failure
    assert (failure.code, failure.kind) == (name, kind)
    assert failure.url.startswith("https://core.telegram.org/")
    assert failure.message.endswith(".")


@pytest.mark.parametrize(
    ("body", "headers", "pause"),
    [
        ({"parameters": {"retry_after": 7}}, {"Retry-After": "9"}, 7),
        ({"parameters": {"retry_after": 0}}, {}, 0),
        ({}, {"Retry-After": "9"}, 9),
        ({}, {"Retry-After": "9.5"}, 9.5),
        ({}, {"Retry-After": "Sun, 22 Nov 2026 12:01:30 GMT"}, 90),
        ({}, {"Retry-After": "Sun, 22 Nov 2026 11:59:00 GMT"}, 0),
        ({}, {"retry-after-ms": "1500"}, 1.5),
        ({"parameters": {"retry_after": 1.5}}, {}, 1.5),
        ({"parameters": {"retry_after": True}}, {}, None),
        ({"parameters": {"retry_after": "7"}}, {"Retry-After": "9"}, 9),
        ({"parameters": [7]}, {}, None),
        ({"parameters": {"retry_after": "soon"}}, {"Retry-After": "Wed"}, None),
        ({"parameters": {"retry_after": -1}}, {}, None),
        ({"parameters": {"retry_after": 10**9}}, {}, 86_400),
    ],
)
async def test_a_pause_is_as_long_as_telegram_says(
    body: dict[str, object], headers: dict[str, str], pause: float | None, binding: Binding, telegram: Any
) -> None:
    envelope = {"ok": False, "error_code": 429, "description": "Too Many Requests", **body}
    telegram.answers(lambda _: httpx.Response(429, json=envelope, headers=headers))

    with pytest.raises(SendDeferred) as outcome:
        await plugin.send(binding, MESSAGE, telegram.ctx)

    assert outcome.value.retry_after == pause


@pytest.mark.parametrize(
    ("description", "opted_out"),
    [
        ("Forbidden: bot was blocked by the user", True),
        ("forbidden: BOT WAS BLOCKED BY THE USER.", True),
        ("Forbidden: user is deactivated", True),
        ("Forbidden: bot can't initiate conversation with a user", True),
        ("Forbidden: USER_IS_BLOCKED", True),
        ("Forbidden: bot can't send messages to the user", True),
        ("Forbidden: something new", True),
        ("Forbidden: bot was kicked from the group chat", False),
        ("Forbidden: bot is not a member of the channel chat", False),
    ],
)
async def test_who_blocks_the_bot_has_opted_out(
    description: str, opted_out: bool, binding: Binding, telegram: Any
) -> None:
    telegram.answers(refusal(403, description))

    with pytest.raises(SendRejected) as outcome:
        await plugin.send(binding, MESSAGE, telegram.ctx)

    assert outcome.value.failure.opted_out is opted_out


# --- corrections ---


async def test_markup_that_is_not_understood_is_sent_as_plain_text(binding: Binding, telegram: Any) -> None:
    markup = '1 < 2 <b>bold</b> <a href="https://x.example/?a=1&amp;b=2">here</a> &amp;lt; <unknown>'
    telegram.answers(refusal(400, "Bad Request: can't parse entities: Unsupported start tag"), TAKEN)

    receipt = await plugin.send(binding, to("5550001", markup), telegram.ctx)

    assert receipt.provider_id == "5550001:77"
    assert "parse_mode" not in telegram.calls[1][1]
    assert telegram.calls[1][1]["text"] == "1 < 2 bold here (https://x.example/?a=1&b=2) &lt; <unknown>"


@pytest.mark.parametrize("words", ["message thread not found", "TOPIC_CLOSED"])
async def test_a_topic_that_is_gone_is_left_out(words: str, binding: Binding, telegram: Any) -> None:
    telegram.answers(refusal(400, f"Bad Request: {words}"), TAKEN)

    receipt = await plugin.send(binding, to("-1009990001/30"), telegram.ctx)

    assert "message_thread_id" not in telegram.calls[1][1]
    assert receipt.provider_id == "-1009990001/30:77"


async def test_a_group_that_has_moved_is_followed(binding: Binding, telegram: Any) -> None:
    moved = refusal(400, "Bad Request: group chat was upgraded to a supergroup chat", migrate_to_chat_id=-1009990002)
    telegram.answers(moved, TAKEN)

    await plugin.send(binding, to("-4400"), telegram.ctx)

    assert telegram.calls[1][1]["chat_id"] == -1009990002


@pytest.mark.parametrize(
    ("words", "parameters", "calls"),
    [
        ("can't parse entities: odd", {}, 2),
        ("message thread not found", {}, 2),
        ("group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": -1009990002}, 2),
        ("group chat was upgraded to a supergroup chat", {"migrate_to_chat_id": -1009990001}, 1),
        ("chat not found", {}, 1),
    ],
)
async def test_each_fault_is_mended_once(
    words: str, parameters: dict[str, int], calls: int, binding: Binding, telegram: Any
) -> None:
    telegram.answers(refusal(400, f"Bad Request: {words}", **parameters))

    with pytest.raises(SendRejected):
        await plugin.send(binding, to("-1009990001/30"), telegram.ctx)

    assert len(telegram.calls) == calls


async def test_a_mended_message_may_be_lost_on_its_way(binding: Binding, telegram: Any) -> None:
    telegram.answers(refusal(400, "Bad Request: can't parse entities: odd"), failing(httpx.ReadTimeout(FAULT)))

    with pytest.raises(SendUnknown):
        await plugin.send(binding, MESSAGE, telegram.ctx)


async def test_half_a_character_is_telegrams_to_judge(binding: Binding, telegram: Any) -> None:
    telegram.answers(refusal(400, "Bad Request: strings must be encoded in UTF-8"))

    with pytest.raises(SendRejected):
        await plugin.send(binding, to("5550001", "\ud83d"), telegram.ctx)


# --- typing ---


async def test_typing_shows_where_the_message_was_written(binding: Binding, telegram: Any) -> None:
    telegram.answers((200, {"ok": True, "result": True}))

    await plugin.indicate(binding, "-1009990001/30:31", telegram.ctx)

    parameters = {"chat_id": -1009990001, "message_thread_id": 30, "action": "typing"}
    assert telegram.calls == [("sendChatAction", parameters)]


@pytest.mark.parametrize(
    "script", [refusal(429, "Too Many Requests", retry_after=1), failing(httpx.ReadTimeout(FAULT))]
)
async def test_typing_that_does_not_show_is_told(script: Any, binding: Binding, telegram: Any) -> None:
    telegram.answers(script)

    with pytest.raises(ChannelError) as problem:
        await plugin.indicate(binding, "5550001:11", telegram.ctx)
    with pytest.raises(ChannelError):
        await plugin.indicate(binding, "no message", telegram.ctx)

    assert "FakeToken" not in "".join(traceback.format_exception(problem.value))
