"""Sending: what is posted, and into which of the four outcomes every answer falls."""

from __future__ import annotations

from collections.abc import Callable
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
from trinity_channels_whatsapp import plugin

FAULT = "while sending *hello* to whatsapp:+15557770002 with fake-auth-token"
MESSAGE = OutboundMessage(id="d/42", to="whatsapp:+15557770002", text="*hello*\n  & 6 * 7 🙂")
Resource = Callable[..., dict[str, object]]


def problem(code: int, status: int = 400, message: str = "Twilio's words about +15557770002") -> tuple[int, object]:
    return status, {"code": code, "message": message, "more_info": "", "status": status}


async def test_a_message_is_posted_once_with_our_name_for_it(binding: Binding, twilio: Any, resource: Resource) -> None:
    twilio.answers((201, resource()))

    receipt = await plugin.send(binding, MESSAGE, twilio.ctx)

    assert (receipt.provider_id, receipt.state, receipt.failure) == ("SM" + "2" * 32, DeliveryState.QUEUED, None)
    assert twilio.form == {
        "To": MESSAGE.to,
        "From": binding.account.sender,
        "Body": MESSAGE.text,
        "StatusCallback": f"{twilio.webhook_url}?delivery=d%2F42",
    }
    [request] = twilio.requests
    assert request.method == "POST"
    assert str(request.url) == f"https://api.twilio.com/2010-04-01/Accounts/{binding.account.key}/Messages.json"
    assert twilio.credentials == f"{binding.account.key}:fake-auth-token"


async def test_a_messaging_service_stands_in_for_the_sender(
    make_binding: Callable[..., Binding], twilio: Any, resource: Resource
) -> None:
    twilio.answers((201, resource(status="accepted", from_=None)))

    receipt = await plugin.send(make_binding(messaging_service_sid="MG" + "7" * 32), MESSAGE, twilio.ctx)

    assert receipt.state is DeliveryState.QUEUED
    assert twilio.form["MessagingServiceSid"] == "MG" + "7" * 32
    assert "From" not in twilio.form


@pytest.mark.parametrize(
    ("webhook_url", "callback"),
    [
        (None, None),
        ("http://127.0.0.1:8000/hook", "http://127.0.0.1:8000/hook?delivery=d%2F42"),
        ("https://bot.example/hook?x=1", "https://bot.example/hook?x=1&delivery=d%2F42"),
    ],
)
async def test_receipts_are_asked_for_where_there_is_an_address(
    webhook_url: str | None, callback: str | None, binding: Binding, twilio: Any, resource: Resource
) -> None:
    twilio.webhook_url = webhook_url
    twilio.answers((201, resource()))

    await plugin.send(binding, MESSAGE, twilio.ctx)

    assert twilio.form.get("StatusCallback") == callback


async def test_a_message_can_fail_at_once(binding: Binding, twilio: Any, resource: Resource) -> None:
    twilio.answers((201, resource(status="failed", error_code=63015)))

    receipt = await plugin.send(binding, MESSAGE, twilio.ctx)

    assert receipt.state is DeliveryState.FAILED
    assert receipt.failure is not None
    assert (receipt.failure.code, receipt.failure.kind) == ("63015", FailureKind.RECIPIENT)


OUTCOMES = [
    # certainly not taken: no connection, or told to wait
    pytest.param(failing(httpx.ConnectError(FAULT)), SendDeferred, id="no connection"),
    pytest.param(failing(httpx.ConnectTimeout(FAULT)), SendDeferred, id="no connection in time"),
    pytest.param(failing(httpx.PoolTimeout(FAULT)), SendDeferred, id="no free connection"),
    pytest.param(problem(20429, 429), SendDeferred, id="too many requests"),
    pytest.param((429, "<html>slow down</html>"), SendDeferred, id="a proxy's 429"),
    pytest.param(problem(21611), SendDeferred, id="queue full"),
    pytest.param(problem(63018), SendDeferred, id="rate limit of the channel"),
    # not followed, so nothing has seen the message
    *(pytest.param((status, ""), SendDeferred, id=f"a redirect ({status})") for status in (301, 302, 303, 307, 308)),
    pytest.param((302, '{"sid": "SM1"}'), SendDeferred, id="a redirect with a message in it"),
    # may have been taken
    pytest.param(failing(httpx.ReadTimeout(FAULT)), SendUnknown, id="no answer in time"),
    pytest.param(failing(httpx.WriteTimeout(FAULT)), SendUnknown, id="not written in time"),
    pytest.param(failing(httpx.ReadError(FAULT)), SendUnknown, id="cut"),
    pytest.param(failing(httpx.RemoteProtocolError(FAULT)), SendUnknown, id="cut in the middle"),
    pytest.param(failing(OSError(FAULT)), SendUnknown, id="a broken socket"),
    pytest.param(problem(20500, 500), SendUnknown, id="500"),
    pytest.param(problem(20503, 503), SendUnknown, id="503"),
    pytest.param((502, "<html>Bad Gateway</html>"), SendUnknown, id="HTML 502"),
    pytest.param((408, ""), SendUnknown, id="408"),
    pytest.param((201, "<html>hotel</html>"), SendUnknown, id="201 with HTML"),
    pytest.param((201, ""), SendUnknown, id="201 with nothing"),
    pytest.param((201, {}), SendUnknown, id="201 without a name"),
    pytest.param((201, []), SendUnknown, id="201 with a list"),
    pytest.param((201, {"sid": 7}), SendUnknown, id="201 with a number for a name"),
    # never
    pytest.param(problem(21211), SendRejected, id="bad recipient"),
    pytest.param(problem(63007), SendRejected, id="no such sender"),
    pytest.param(problem(20003, 401), SendRejected, id="credentials refused"),
    pytest.param(problem(63038, 429), SendRejected, id="daily limit"),
    pytest.param(problem(99999), SendRejected, id="a code nobody knows"),
    pytest.param((403, "<html>no</html>"), SendRejected, id="a proxy's 403"),
    pytest.param((400, {"code": "odd", "message": None}), SendRejected, id="a strange error"),
    pytest.param(
        (400, {"type": "t", "title": "Bad", "status": 400, "code": 21610}), SendRejected, id="an error of RFC 9457"
    ),
]


@pytest.mark.parametrize(("script", "expected"), OUTCOMES)
async def test_every_answer_has_its_outcome(
    script: Any, expected: type[SendError], binding: Binding, twilio: Any, caplog: pytest.LogCaptureFixture
) -> None:
    twilio.answers(script)

    failure = await failure_of(
        plugin.send(binding, MESSAGE, twilio.ctx), twilio, lambda: caplog.text, "fake-auth-token", "5557770002", "hello"
    )

    assert type(failure) is expected
    assert len(twilio.requests) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [(21211, "permanent"), (21610, "recipient"), (63007, "operator"), (99999, "permanent")],
)
async def test_a_refusal_says_who_can_act(code: int, kind: str, binding: Binding, twilio: Any) -> None:
    twilio.answers(problem(code))

    with pytest.raises(SendRejected) as outcome:
        await plugin.send(binding, MESSAGE, twilio.ctx)

    failure = outcome.value.failure
    assert (failure.code, failure.kind) == (str(code), kind)
    assert failure.url == f"https://www.twilio.com/docs/api/errors/{code}"


@pytest.mark.parametrize(
    ("code", "opted_out"), [(21610, True), (63014, True), (63033, True), (63016, False), (21211, False), (63032, False)]
)
async def test_a_refusal_says_whether_the_person_wants_no_messages(
    code: int, opted_out: bool, binding: Binding, twilio: Any, resource: Resource
) -> None:
    twilio.answers(problem(code))
    with pytest.raises(SendRejected) as outcome:
        await plugin.send(binding, MESSAGE, twilio.ctx)
    twilio.answers((201, resource(status="failed", error_code=code)))

    receipt = await plugin.send(binding, MESSAGE, twilio.ctx)

    assert outcome.value.failure.opted_out is opted_out
    assert receipt.failure is not None
    assert receipt.failure.opted_out is opted_out


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-1", None),
        ("1m30s", 90.0),
        ("250ms", 0.25),
        ("2026-11-22T12:00:07Z", 7.0),
        ("Sun, 22 Nov 2026 12:00:07 GMT", 7.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("999999999", 86400.0),
        ("inf", None),
        ("soon", None),
        ("", None),
    ],
)
async def test_a_pause_lasts_as_long_as_twilio_asks(
    header: str, seconds: float | None, binding: Binding, twilio: Any
) -> None:
    twilio.answers(lambda _: httpx.Response(429, json={"code": 20429}, headers={"Retry-After": header}))

    with pytest.raises(SendDeferred) as outcome:
        await plugin.send(binding, MESSAGE, twilio.ctx)

    assert outcome.value.retry_after == seconds


@pytest.mark.parametrize("code", [21609, 21626])
async def test_a_refused_callback_costs_the_receipts_not_the_message(
    code: int, binding: Binding, twilio: Any, resource: Resource
) -> None:
    twilio.answers(problem(code), (201, resource()))

    receipt = await plugin.send(binding, MESSAGE, twilio.ctx)

    assert receipt.provider_id == "SM" + "2" * 32
    assert len(twilio.requests) == 2
    assert "StatusCallback" not in twilio.form


async def test_a_callback_refused_twice_is_a_refusal(binding: Binding, twilio: Any) -> None:
    twilio.answers(problem(21609))

    with pytest.raises(SendRejected):
        await plugin.send(binding, MESSAGE, twilio.ctx)
    assert len(twilio.requests) == 2
