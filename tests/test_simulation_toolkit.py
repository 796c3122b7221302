"""What the simulators share besides their page: rate limits, arguments of calls, and webhooks to the host."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from starlette.requests import Request

from trinity_channels.simulation import (
    Buckets,
    NotAnObject,
    Rule,
    Windows,
    arguments,
    json_object,
    post_webhook,
    text,
    truth,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_what_one_rule_refuses_counts_under_none() -> None:
    windows = Windows()
    chat, bot = Rule("chat", 1, SECOND), Rule("bot", 2, SECOND)

    assert windows.take(START, chat, bot) is None
    assert windows.take(after(0.25), chat, bot) == timedelta(seconds=0.75)
    assert windows.take(after(0.5), bot) is None, "the refused one did not count for the bot"
    assert windows.take(after(1), chat, bot) is None, "a period later the first one is over"


def test_a_burst_refills_evenly() -> None:
    buckets = Buckets()

    assert [buckets.take(START, "zoe", SECOND, 2) for _ in range(3)] == [None, None, SECOND]
    assert buckets.take(START, "sam", SECOND, 2) is None
    assert buckets.take(after(1), "zoe", SECOND, 2) is None
    assert buckets.take(after(1.5), "zoe", SECOND, 2) == timedelta(seconds=0.5)


def call(body: bytes, content_type: str, query: bytes = b"") -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-type", content_type.encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "query_string": query, "headers": headers}
    return Request(scope, receive)


@pytest.mark.parametrize(
    ("body", "content_type", "given"),
    [
        (b"", "", {"a": "query"}),
        (b"a=form&b=", "application/x-www-form-urlencoded", {"a": "form", "b": ""}),
        (b"a=%FF", "application/x-www-form-urlencoded", {"a": "\ufffd"}),
        (b'{"a": true}', "application/json", {"a": True}),
        (b'{"b": 1}', "application/json; charset=utf-8", {"a": "query", "b": 1}),
    ],
)
async def test_arguments_come_from_everywhere_and_the_body_wins(
    body: bytes, content_type: str, given: dict[str, object]
) -> None:
    assert await arguments(call(body, content_type, b"a=query")) == given


@pytest.mark.parametrize(
    ("body", "is_json"),
    [
        (b"", False),
        (b"{", False),
        (b"\xff", False),
        (b"[" * 100_000, False),
        (b"[]", True),
        (b"null", True),
        (b"7", True),
    ],
)
def test_a_body_that_is_not_an_object_is_refused(body: bytes, is_json: bool) -> None:
    with pytest.raises(NotAnObject) as refused:
        json_object(body)

    assert refused.value.is_json is is_json


@pytest.mark.parametrize(
    ("value", "is_true", "as_text"),
    [(True, True, ""), ("true", True, "true"), ("1", True, "1"), ("no", False, "no"), (1, False, ""), ([], False, "")],
)
def test_an_argument_is_read_from_a_form_as_from_json(value: object, is_true: bool, as_text: str) -> None:
    assert (truth({"a": value}, "a"), text({"a": value}, "a")) == (is_true, as_text)


async def test_a_webhook_has_nothing_of_the_hosts_client_and_follows_no_redirect() -> None:
    seen: list[httpx.Request] = []

    def host(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(302, headers={"Location": "http://elsewhere.test/"})

    client = httpx.AsyncClient(
        transport=httpx.MockTransport(host), headers={"X-Host": "1"}, cookies={"c": "1"}, follow_redirects=True
    )
    answer = await post_webhook(client, "http://host.test/", b"x", {"X-Provider": "1"}, httpx.Timeout(1))

    assert answer.status_code == 302
    assert len(seen) == 1
    assert {"x-host", "cookie", "user-agent"} & set(seen[0].headers) == set()
