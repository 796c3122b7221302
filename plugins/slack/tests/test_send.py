"""Sending: what is posted, and into which of the four outcomes every answer falls."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from trinity_channels.api import (
    Binding,
    DeliveryState,
    FailureKind,
    OutboundMessage,
    SendDeferred,
    SendError,
    SendRejected,
    SendUnknown,
)
from trinity_channels_contract_tests.testing import failing, failure_of
from trinity_channels_slack import plugin
from trinity_channels_slack.codes import AMBIGUOUS, FAILURES, LATER, REFUSED

FAULT = "while posting *hello* to D0FAKE001 with xoxb-fake-bot-token"
MESSAGE = OutboundMessage(id="42", to="D0FAKE001", text="*hello*\n  &amp; 6 &lt; 7 🙂")
POSTED = {"ok": True, "channel": "D0FAKE001", "ts": "1767225601.000300", "message": {}}


def refuses(code: str, status: int = 200) -> tuple[int, object]:
    return status, {"ok": False, "error": code, "response_metadata": {"messages": ["about *hello*"]}}


async def test_a_message_is_posted_once_with_our_mark(binding: Binding, slack: Any) -> None:
    slack.answers(POSTED)

    receipt = await plugin.send(binding, MESSAGE, slack.ctx)

    assert (receipt.provider_id, receipt.state) == ("D0FAKE001/1767225601.000300", DeliveryState.SENT)
    assert slack.asked == [
        (
            "chat.postMessage",
            {
                "channel": "D0FAKE001",
                "text": MESSAGE.text,
                "unfurl_links": False,
                "unfurl_media": False,
                "metadata": {"event_type": "trinity_channels_delivery", "event_payload": {"id": "42"}},
            },
        )
    ]
    [request] = slack.requests
    assert str(request.url) == "https://slack.com/api/chat.postMessage"
    assert request.headers["authorization"] == "Bearer xoxb-fake-bot-token"


async def test_a_thread_is_answered_at_its_root(binding: Binding, slack: Any) -> None:
    slack.answers(POSTED | {"channel": "C0FAKE001"})

    receipt = await plugin.send(binding, OutboundMessage("42", "C0FAKE001/1767225650.000100", "hi"), slack.ctx)

    [(_, asked)] = slack.asked
    assert (asked["channel"], asked["thread_ts"]) == ("C0FAKE001", "1767225650.000100")
    assert receipt.provider_id == "C0FAKE001/1767225601.000300"


@pytest.mark.parametrize("user", ["U0FAKE001", "W0FAKE001"])
async def test_a_persons_direct_chat_is_opened_first(user: str, binding: Binding, slack: Any) -> None:
    slack.answers({"ok": True, "channel": {"id": "D0FAKE009"}}, POSTED)

    await plugin.send(binding, OutboundMessage("42", user, "hi"), slack.ctx)

    (opened, whom), (posted, message) = slack.asked
    assert (opened, whom) == ("conversations.open", {"users": user})
    assert (posted, message["channel"]) == ("chat.postMessage", "D0FAKE009")


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (failing(httpx.ReadTimeout(FAULT)), SendDeferred),
        (refuses("internal_error"), SendDeferred),
        (refuses("fatal_error", 500), SendDeferred),
        ((502, "<html>"), SendDeferred),
        ((200, {"ok": True}), SendDeferred),
        (refuses("ratelimited"), SendDeferred),
        (refuses("user_not_found"), SendRejected),
        (refuses("missing_scope"), SendRejected),
    ],
)
async def test_a_chat_that_cannot_be_opened_has_got_no_message(
    script: Any, expected: type[SendError], binding: Binding, slack: Any
) -> None:
    slack.answers(script)

    with pytest.raises(expected):
        await plugin.send(binding, OutboundMessage("42", "U0FAKE001", "hi"), slack.ctx)

    assert [method for method, _ in slack.asked] == ["conversations.open"]


@pytest.mark.parametrize("to", ["", "zoe", "#general", "C0FAKE001/", "C0FAKE001/1", "d0fake001", "U0FAKE001\n"])
async def test_what_is_no_address_is_never_asked_about(to: str, binding: Binding, slack: Any) -> None:
    with pytest.raises(SendRejected) as refused:
        await plugin.send(binding, OutboundMessage("42", to, "hi"), slack.ctx)

    assert refused.value.failure.code == "invalid_address"
    assert slack.asked == []


REDIRECTS = (301, 302, 303, 307, 308)
OUTCOMES = [
    # certainly not taken: no connection, or told to wait
    pytest.param(failing(httpx.ConnectError(FAULT)), SendDeferred, id="no connection"),
    pytest.param(failing(httpx.ConnectTimeout(FAULT)), SendDeferred, id="no connection in time"),
    pytest.param(failing(httpx.PoolTimeout(FAULT)), SendDeferred, id="no free connection"),
    pytest.param((429, ""), SendDeferred, id="429"),
    pytest.param((429, "<html>slow down</html>"), SendDeferred, id="a proxy's 429"),
    *(pytest.param(refuses(code), SendDeferred, id=code) for code in sorted(LATER)),
    # a redirect, which is not followed
    *(pytest.param((status, "<html>elsewhere</html>"), SendDeferred, id=f"{status}") for status in REDIRECTS),
    # may have been taken
    pytest.param(failing(httpx.ReadTimeout(FAULT)), SendUnknown, id="no answer in time"),
    pytest.param(failing(httpx.WriteTimeout(FAULT)), SendUnknown, id="not written in time"),
    pytest.param(failing(httpx.ReadError(FAULT)), SendUnknown, id="cut"),
    pytest.param(failing(httpx.RemoteProtocolError(FAULT)), SendUnknown, id="cut in the middle"),
    pytest.param(failing(OSError(FAULT)), SendUnknown, id="a broken socket"),
    *(pytest.param(refuses(code), SendUnknown, id=code) for code in sorted(AMBIGUOUS)),
    pytest.param(refuses("channel_not_found", 500), SendUnknown, id="a code with 500"),
    pytest.param((500, ""), SendUnknown, id="500"),
    pytest.param((502, "<html>Bad Gateway</html>"), SendUnknown, id="HTML 502"),
    pytest.param((408, ""), SendUnknown, id="408"),
    pytest.param((200, "<html>hotel</html>"), SendUnknown, id="200 with HTML"),
    pytest.param((200, ""), SendUnknown, id="200 with nothing"),
    pytest.param((200, {}), SendUnknown, id="200 without ok"),
    pytest.param((200, []), SendUnknown, id="200 with a list"),
    pytest.param((200, {"ok": True}), SendUnknown, id="ok without a ts"),
    pytest.param(
        (200, {"ok": True, "channel": "D0FAKE001", "ts": 1767225601.0003}), SendUnknown, id="a ts as a number"
    ),
    # never
    *(pytest.param(refuses(code), SendRejected, id=code) for code in sorted(FAILURES)),
    pytest.param(refuses("a_code_nobody_knows"), SendRejected, id="a code nobody knows"),
    pytest.param(refuses("Odd <code>"), SendRejected, id="a code that is none"),
    pytest.param((403, "<html>no</html>"), SendRejected, id="a proxy's 403"),
]


@pytest.mark.parametrize(("script", "expected"), OUTCOMES)
async def test_every_answer_has_its_outcome(
    script: Any, expected: type[SendError], binding: Binding, slack: Any, caplog: pytest.LogCaptureFixture
) -> None:
    slack.answers(script)

    failure = await failure_of(
        plugin.send(binding, MESSAGE, slack.ctx),
        slack,
        lambda: caplog.text,
        "fake-bot-token",
        "fake-signing-secret",
        "hello",
        "D0FAKE001",
    )

    assert type(failure) is expected
    assert len(slack.requests) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("channel_not_found", "permanent"),
        ("not_in_channel", "recipient"),
        ("messages_tab_disabled", "operator"),
        ("a_code_nobody_knows", "permanent"),
        *((code, "operator") for code in sorted(REFUSED)),
    ],
)
async def test_a_refusal_says_who_can_act(code: str, kind: str, binding: Binding, slack: Any) -> None:
    slack.answers(refuses(code))

    with pytest.raises(SendRejected) as outcome:
        await plugin.send(binding, MESSAGE, slack.ctx)

    failure = outcome.value.failure
    assert (failure.code, failure.kind) == (code, FailureKind(kind))
    assert failure.url.startswith("https://docs.slack.dev/")


@pytest.mark.parametrize(
    "code", ["user_disabled", "cannot_dm_bot", "user_not_visible", "channel_not_found", "is_archived"]
)
async def test_who_can_no_longer_be_reached_is_left_alone(code: str, binding: Binding, slack: Any) -> None:
    slack.answers(refuses(code))

    with pytest.raises(SendRejected) as outcome:
        await plugin.send(binding, OutboundMessage("42", "U0FAKE001", "hi"), slack.ctx)

    assert outcome.value.failure.opted_out is (code in {"user_disabled", "cannot_dm_bot"})


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-1", None),
        ("Thu, 01 Jan 2026 00:00:30 GMT", 30.0),
        ("Wed, 31 Dec 2025 23:59:00 GMT", 0.0),
        ("2026-01-01T00:00:07Z", 7.0),
        ("1m30s", 90.0),
        ("999999999", 86400.0),
        ("inf", None),
        ("nan", None),
        ("soon", None),
        ("", None),
    ],
)
async def test_a_pause_lasts_as_long_as_slack_asks(
    header: str, seconds: float | None, binding: Binding, slack: Any
) -> None:
    body = {"ok": False, "error": "ratelimited"}
    slack.answers(lambda _: httpx.Response(429, json=body, headers={"Retry-After": header}))

    with pytest.raises(SendDeferred) as outcome:
        await plugin.send(binding, MESSAGE, slack.ctx)

    assert outcome.value.retry_after == seconds


@pytest.mark.parametrize(
    ("text", "posted"),
    [
        ("<!channel> hi", "&lt;!channel> hi"),
        ("<@U0FAKE001>", "&lt;@U0FAKE001>"),
        ("<!subteam^S0FAKE001|x>", "&lt;!subteam^S0FAKE001|x>"),
        ("<!channel://x|y>", "&lt;!channel://x|y>"),
        ("<#C0FAKE001>", "&lt;#C0FAKE001>"),
        ("<https://e.example|page> &lt;!here&gt;", "<https://e.example|page> &lt;!here&gt;"),
    ],
)
async def test_no_text_commands_slack(text: str, posted: str, binding: Binding, slack: Any) -> None:
    slack.answers(POSTED)

    await plugin.send(binding, OutboundMessage("42", "D0FAKE001", text), slack.ctx)

    assert slack.asked[0][1]["text"] == posted
