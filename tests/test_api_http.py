"""Calls that plugins make with `api.http`: whatever a provider does, one of three errors or an object comes out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from trinity_channels.api import (
    ChannelError,
    ConfigurationError,
    Context,
    FailureKind,
    ProviderUnavailable,
    SendDeferred,
    SendRejected,
    SendUnknown,
    http,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SECRET = "fake-secret-in-the-address"
Handler = Callable[[httpx.Request], httpx.Response]


def context(answer: Handler) -> Context:
    return Context(httpx.AsyncClient(transport=httpx.MockTransport(answer)), lambda: NOW)


def raises(error: Exception) -> Handler:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    return fail


def says(status: int = 200, content: bytes = b"{}", **headers: str) -> Handler:
    return lambda _: httpx.Response(status, content=content, headers=headers)


async def called(answer: Handler) -> http.Fields | http.CallError:
    """What a plugin makes of a provider that behaves like this."""
    try:
        return (await http.ask(context(answer), "POST", "https://pigeon.example/x", json={})).result(NOW)
    except http.CallError as error:
        return error


NEVER_LEFT = [
    httpx.ConnectError("x"),
    httpx.ConnectTimeout("x"),
    httpx.PoolTimeout("x"),
    httpx.UnsupportedProtocol("x"),
    httpx.LocalProtocolError("x"),
    httpx.InvalidURL("x"),
]
MAY_BE_TAKEN = [
    httpx.ReadTimeout("x"),
    httpx.WriteTimeout("x"),
    httpx.ReadError("x"),
    httpx.WriteError("x"),
    httpx.CloseError("x"),
    httpx.RemoteProtocolError("x"),
    httpx.ProxyError("x"),
    httpx.DecodingError("x"),
    httpx.TooManyRedirects("x"),
    TimeoutError("x"),
    OSError("x"),
    UnicodeError("x"),
    RuntimeError("x"),
]


@pytest.mark.parametrize("error", NEVER_LEFT, ids=repr)
async def test_a_call_that_never_left_can_be_made_again(error: Exception) -> None:
    failed = await called(raises(error))

    assert isinstance(failed, http.NotSent)
    assert isinstance(http.sending(failed, "Pigeon"), SendDeferred)
    assert isinstance(http.reading(failed, "Pigeon"), ProviderUnavailable)


@pytest.mark.parametrize("error", MAY_BE_TAKEN, ids=repr)
async def test_after_every_other_error_it_may_have_been_taken(error: Exception) -> None:
    failed = await called(raises(error))

    assert isinstance(failed, http.NoAnswer)
    assert isinstance(http.sending(failed, "Pigeon"), SendUnknown)
    assert isinstance(http.reading(failed, "Pigeon"), ProviderUnavailable)


NO_OBJECT = [b"", b"[]", b"null", b"1", b'"x"', b"<html>", b"\xff\xfe", b"[" * 100_000, b"{", b"1" * 5000, b"NaN"]


@pytest.mark.parametrize("content", NO_OBJECT, ids=lambda one: repr(one[:8]))
@pytest.mark.parametrize("status", [200, 201, 204, 500, 502, 599, 408, 100 + 99])
async def test_an_answer_that_says_nothing_leaves_the_outcome_unknown(status: int, content: bytes) -> None:
    assert isinstance(await called(says(status, content)), http.NoAnswer)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
async def test_a_server_error_with_an_object_may_have_been_taken(status: int) -> None:
    assert isinstance(await called(says(status, b'{"id": "1"}')), http.NoAnswer)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    asked = []

    def elsewhere(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(status, headers={"location": "https://thief.example/"}, content=b"{}")

    assert isinstance(await called(elsewhere), http.NotSent)
    assert asked == ["pigeon.example"]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.PERMANENT),
        (401, FailureKind.OPERATOR),
        (403, FailureKind.OPERATOR),
        (404, FailureKind.PERMANENT),
        (409, FailureKind.PERMANENT),
        (422, FailureKind.PERMANENT),
    ],
)
async def test_a_refusal_is_final(status: int, kind: FailureKind) -> None:
    refused = await called(says(status, b'{"code": 7}'))

    assert isinstance(refused, http.Refused)
    assert (refused.status, http.whole(refused.body, "code")) == (status, 7)
    outcome = http.sending(refused, "Pigeon")
    assert isinstance(outcome, SendRejected)
    assert (outcome.failure.code, outcome.failure.kind) == (str(status), kind)


@pytest.mark.parametrize(
    ("asked", "pause"),
    [("3", 3), ("nan", None), ("Mon, 02 Mar 2026 09:00:05 GMT", 5), ("-1", None), ("1e9", None), ("999999999", 86400)],
)
async def test_too_many_requests_are_repeated_after_the_pause(asked: str, pause: float | None) -> None:
    refused = await called(says(429, b"<html>", **{"Retry-After": asked}))

    assert isinstance(refused, http.Refused)
    outcome = http.sending(refused, "Pigeon")
    assert isinstance(outcome, SendDeferred)
    assert outcome.retry_after == pause


def test_a_pause_that_a_provider_asks_for_is_named() -> None:
    found = http.reading(http.Refused(429, {}, retry_after=7.5), "Pigeon")

    assert isinstance(found, ProviderUnavailable)
    assert found.retry_after == 7.5


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_are_the_owners_to_enter(status: int) -> None:
    refused = await called(says(status))
    assert isinstance(refused, http.Refused)

    error = http.reading(refused, "Pigeon", field="token", words="Token revoked.")

    assert isinstance(error, ConfigurationError)
    assert (error.field, error.refused) == ("token", True)
    assert error.message == "Pigeon refused the credentials: Token revoked."


async def test_it_takes_no_longer_than_the_deadline() -> None:
    async def hangs(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    ctx = Context(httpx.AsyncClient(transport=httpx.MockTransport(hangs)), lambda: NOW)

    with pytest.raises(http.NoAnswer, match="TimeoutError"):
        await http.ask(ctx, "GET", "https://pigeon.example/x", deadline=0.01)


async def test_a_cancelled_call_ends_the_hook() -> None:
    async def hangs(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    ctx = Context(httpx.AsyncClient(transport=httpx.MockTransport(hangs)), lambda: NOW)
    task = asyncio.create_task(http.ask(ctx, "GET", "https://pigeon.example/x"))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("answer", [says(500), says(200), raises(httpx.ReadTimeout(SECRET)), says(302)])
async def test_a_secret_in_the_address_is_shown_to_no_log_and_in_no_error(
    answer: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = []

    def remembers(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return answer(request)

    url = f"https://pigeon.example/{SECRET}/send"
    errors: list[ChannelError | http.CallError] = []
    try:
        (await http.ask(context(remembers), "POST", url, shown="https://pigeon.example/…/send")).result(NOW)
    except http.CallError as error:
        errors += [error, http.sending(error, "Pigeon"), http.reading(error, "Pigeon")]

    assert [(error.__cause__, error.__context__) for error in errors] == [(None, None)] * len(errors)
    assert asked[0].url.raw_path == f"/{SECRET}/send".encode()
    assert SECRET not in caplog.text + repr(asked) + " ".join(map(str, errors))


@pytest.mark.parametrize("url", ["https://pigeon.example/\ud800", "https://[::1"])
async def test_an_address_that_cannot_be_written_was_not_called(url: str) -> None:
    with pytest.raises(http.NotSent):
        await http.ask(context(says()), "GET", url)


async def test_basic_authentication_and_content_are_passed_on() -> None:
    asked = []

    def remembers(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"id": "1"})

    answer = await http.ask(
        context(remembers), "PUT", "https://pigeon.example/x", auth=("me", "fake"), params={"a": "b"}, data={"c": "d"}
    )

    (request,) = asked
    assert (request.method, request.url.query, request.content) == ("PUT", b"a=b", b"c=d")
    assert request.headers["authorization"].startswith("Basic ")
    assert answer.result(NOW) == {"id": "1"}


ODD = [None, 1, 1.5, True, "x", [], {}, [1], {"a": 1}]


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_a_field_of_another_type_counts_as_missing(value: object) -> None:
    fields = {"it": value}

    assert http.text(fields, "it") == (value if isinstance(value, str) else "")
    assert http.whole(fields, "it") == (1 if value == 1 and isinstance(value, int) and value is not True else None)
    assert http.inner(fields, "it") == (value if isinstance(value, dict) else {})
    assert http.objects(fields, "it") == []
    for odd in ODD:
        assert (http.text(odd, "it"), http.whole(odd, "it")) == ("", None)
        assert (http.inner(odd, "it"), http.objects(odd, "it")) == ({}, [])


@pytest.mark.parametrize(
    ("value", "number"),
    [(0, 0), (-5, -5), (2**63 - 1, 2**63 - 1), (2**63, None), (-(2**63), -(2**63)), (10**400, None)],
)
def test_numbers_have_64_bits(value: int, number: int | None) -> None:
    assert http.whole({"it": value}, "it") == number


def test_half_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert http.text({"it": "a\ud83d"}, "it") == "a?"


def test_what_is_no_object_in_a_list_is_left_out() -> None:
    fields = {"it": [{"a": 1}, 2, None, {"b": 3}, []]}

    assert http.objects(fields, "it") == [{"a": 1}, {"b": 3}]
    assert http.objects(fields, "it", most=1) == [{"a": 1}]
