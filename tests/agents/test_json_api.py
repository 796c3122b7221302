"""What every runtime with an API makes of refusals, broken connections, and answers that do not end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import httpx
import pytest

from tests.agents.apis import KEY, NOW, TURN, model, openai, trinity
from trinity_channels.agents.json_api import MAX_ANSWER_BYTES
from trinity_channels.agents.openai import OpenAIRuntime
from trinity_channels.agents.port import AgentFailed, AgentRuntime, AgentTimeout, AgentUnavailable

Runtime = Callable[..., AgentRuntime]
RUNTIMES = pytest.mark.parametrize("runtime", [openai, trinity])


@RUNTIMES
@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [
        (429, {"Retry-After": "7"}, 7.0),
        (429, {"Retry-After": "7.66"}, 7.66),
        (429, {"Retry-After": "1m30s"}, 90.0),
        (429, {"retry-after-ms": "1500"}, 1.5),
        (429, {"x-ms-retry-after-ms": "2500"}, 2.5),
        (429, {}, None),
        (503, {"Retry-After": "Tue, 01 Jan 2030 12:00:30 GMT"}, 30.0),
        (503, {"Retry-After": "Tue, 01 Jan 2030 11:00:00 GMT"}, 0.0),
        (503, {"Retry-After": "86400"}, 300.0),
        (503, {"Retry-After": "9" * 5000}, 300.0),
        (500, {"Retry-After": "-5"}, None),
        (502, {"Retry-After": "soon"}, None),
        (529, {"Retry-After": "nan"}, None),
        (409, {}, None),
    ],
)
async def test_a_busy_or_broken_api_is_transient(
    runtime: Runtime, status: int, headers: dict[str, str], pause: float | None
) -> None:
    with pytest.raises(AgentUnavailable) as caught:
        await runtime(lambda _: httpx.Response(status, headers=headers, text="fake-secret")).run(TURN)

    assert caught.value.retry_after == pause
    assert str(caught.value) == f"The agent's API answered {status}."


@RUNTIMES
@pytest.mark.parametrize("status", [301, 400, 401, 402, 403, 404, 413, 422])
async def test_a_refusal_is_final(runtime: Runtime, status: int) -> None:
    answer = httpx.Response(status, headers={"Location": "http://other.example"}, json={"note": "fake-secret"})

    with pytest.raises(AgentFailed) as caught:
        await runtime(lambda _: answer).run(TURN)

    assert str(caught.value) == f"The agent's API answered {status}."


@RUNTIMES
async def test_an_empty_account_is_not_asked_again(runtime: Runtime) -> None:
    error = {"error": {"message": "You exceeded your current quota.", "code": "insufficient_quota"}}

    with pytest.raises(AgentFailed) as caught:
        await runtime(lambda _: httpx.Response(429, json=error)).run(TURN)

    assert caught.value.detail == "You exceeded your current quota."


@RUNTIMES
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '{"error": {"message": "System message must be at the beginning."}}',
            "System message must be at the beginning.",
        ),
        ('{"error": "invalid type: sequence, expected a string"}', "invalid type: sequence, expected a string"),
        ('{"object": "error", "message": "no such model", "code": 404}', "no such model"),
        ('{"detail": "Agent is not running"}', "Agent is not running"),
        ('{"detail": [{"loc": ["body"], "msg": "field required"}]}', "field required"),
        ('{"detail": {"error": "request_in_progress", "message": "still running"}}', "still running"),
        ('{"errors": [{"message": "no route", "code": 7003}], "success": false}', "no route"),
        ('[{"error": {"message": "API key not valid", "status": "INVALID_ARGUMENT"}}]', "API key not valid"),
        ('{"message": "plain"}', "plain"),
        ("\ufeffjust  words\n of a proxy", "just words of a proxy"),
        ("<html><title>502 Bad Gateway</title></html>", ""),
        ("", ""),
        ("[]", ""),
        ("7", ""),
        (f'{{"error": {{"message": "Incorrect API key provided: {KEY}"}}}}', "Incorrect API key provided: ***"),
        ('{"error": {"message": "Bearer abc.def refused for +1 202 555 0188"}}', "Bearer *** refused for +120***0188"),
        (json.dumps({"error": {"message": "long " * 200}}), ("long " * 60)),
        ('"' + "x" * 200_000, '"' + "x" * 299),
    ],
)
async def test_a_refusal_s_own_words_are_kept_for_the_operator(runtime: Runtime, body: str, said: str) -> None:
    with pytest.raises(AgentFailed) as caught:
        await runtime(lambda _: httpx.Response(400, content=body.encode())).run(TURN)

    assert caught.value.detail == said
    assert str(caught.value) == "The agent's API answered 400."


@RUNTIMES
async def test_a_refusal_whose_words_cannot_be_read_is_known_by_its_status(runtime: Runtime) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b'{"error": '
        raise httpx.ReadError("fake-secret")

    with pytest.raises(AgentFailed) as caught:
        await runtime(lambda _: httpx.Response(400, content=broken())).run(TURN)

    assert (str(caught.value), caught.value.detail) == ("The agent's API answered 400.", "")


@RUNTIMES
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (httpx.ConnectError("fake-secret"), AgentUnavailable),
        (httpx.ConnectTimeout("fake-secret"), AgentUnavailable),
        (httpx.PoolTimeout("fake-secret"), AgentUnavailable),
        (httpx.ReadError("fake-secret"), AgentUnavailable),
        (httpx.RemoteProtocolError("fake-secret"), AgentUnavailable),
        (httpx.ReadTimeout("fake-secret"), AgentTimeout),
        (httpx.WriteTimeout("fake-secret"), AgentTimeout),
        (httpx.LocalProtocolError("fake-secret"), AgentFailed),
    ],
)
async def test_a_failing_connection(runtime: Runtime, error: Exception, expected: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    if runtime is trinity and expected is AgentTimeout:  # whether its run has begun is found out by its key
        expected = AgentUnavailable

    with pytest.raises(expected) as caught:
        await runtime(fail).run(TURN)

    assert type(caught.value) is expected
    assert "fake-secret" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_nobody_listening_is_transient() -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(AgentUnavailable):
            await OpenAIRuntime(http, model(base_url="http://127.0.0.1:1"), lambda: NOW).run(TURN)


@RUNTIMES
@pytest.mark.parametrize("status", [200, 400])
async def test_the_time_out_covers_an_answer_that_begins_and_never_ends(runtime: Runtime, status: int) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        yield b'{"response": "hel'
        await asyncio.Event().wait()

    with pytest.raises(AgentUnavailable if runtime is trinity else AgentTimeout):
        await runtime(lambda _: httpx.Response(status, content=trickle()), timeout_seconds=0.05).run(TURN)


@RUNTIMES
async def test_an_endless_answer_is_not_read_to_its_end(runtime: Runtime) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65536
            yield b" " * 65536

    with pytest.raises(AgentFailed, match="longer than"):
        await runtime(lambda _: httpx.Response(200, content=endless())).run(TURN)

    assert sent <= MAX_ANSWER_BYTES + 65536
