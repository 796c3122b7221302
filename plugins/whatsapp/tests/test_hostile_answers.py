"""Whatever Twilio, or what stands before it, puts into an answer: the contract's errors and no others."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trinity_channels.api import (
    Binding,
    CheckState,
    ConfigurationError,
    OutboundMessage,
    ProviderUnavailable,
    Receipt,
    SendError,
    SendUnknown,
)
from trinity_channels_whatsapp import plugin

ZOE = "whatsapp:+15557770002"
SINCE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MESSAGE = OutboundMessage(id="d-42", to=ZOE, text="hello")

STRANGE: list[Any] = [None, 7, -1, True, 1.5, float("inf"), 10**400, [], [[]], {}, {"a": [1]}, "", "\x00", "\ud800"]
DATES: list[Any] = [
    "soon",
    " ",
    "2026-11-22T12:00:00Z",
    "Sun, 99 Nov 2026 12:00:01 +0000",
    "Sun, 22 Nov 99999999999999999999 12:00:01 +0000",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Sun, 22 Nov 2026 12:00:01 +99999999999",
]
FIELDS = ("sid", "status", "error_code", "direction", "from", "to", "body", "num_media", "subresource_uris")

# what stands where a field is expected
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(STRANGE + DATES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    (
        *FIELDS,
        *("date_created", "date_sent", "code", "message", "title", "detail", "type", "friendly_name"),
        *("messages", "senders", "meta", "next_page_url", "next_page_uri", "sender_id", "webhook", "offline_reasons"),
        *("callback_url", "callback_method", "media"),
    )
)
answers = st.recursive(json_values, lambda inner: st.dictionaries(names, inner | st.lists(inner, max_size=2)))


def is_text(value: str) -> bool:
    return value == value.encode(errors="replace").decode()


@given(answer=answers, status=st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 429, 500, 503]))
@settings(
    max_examples=settings().max_examples * 3 // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_only_the_contracts_errors_are_raised(answer: object, status: int, binding: Binding, twilio: Any) -> None:
    twilio.answers((status, answer))
    reads: list[Callable[[], Awaitable[object]]] = [
        lambda: plugin.find_sent(binding, MESSAGE, SINCE, (), twilio.ctx),
        lambda: plugin.list_missed(binding, SINCE, twilio.ctx),
        lambda: plugin.configure(binding.settings, twilio.ctx),
        lambda: plugin.indicate(binding, "SM1", twilio.ctx),
        lambda: plugin.register_webhook(binding, twilio.ctx),
    ]

    with suppress(SendError):
        await plugin.send(binding, MESSAGE, twilio.ctx)
    for read in reads:
        with suppress(ProviderUnavailable, ConfigurationError):
            await read()
    twilio.answers((200, {"sid": binding.account.key}), (status, answer))
    await plugin.verify(binding, twilio.ctx)


@pytest.mark.parametrize("value", STRANGE)
@pytest.mark.parametrize("name", FIELDS)
async def test_a_strange_field_of_a_message_is_a_missing_one(
    name: str, value: object, binding: Binding, twilio: Any, resource: Any, listing: Any
) -> None:
    twilio.answers((201, resource(**{name: value})))
    if name == "sid":
        with pytest.raises(SendUnknown):
            await plugin.send(binding, MESSAGE, twilio.ctx)
    else:
        receipt = await plugin.send(binding, MESSAGE, twilio.ctx)
        assert receipt.provider_id == "SM" + "2" * 32

    twilio.answers((200, listing(resource(**{name: value}))))
    found = await plugin.find_sent(binding, MESSAGE, SINCE, (), twilio.ctx)
    assert isinstance(found, Receipt) is (name in {"status", "error_code", "num_media", "subresource_uris"})


@pytest.mark.parametrize("value", STRANGE + DATES)
async def test_a_strange_date_is_a_missing_one(
    value: object, binding: Binding, twilio: Any, resource: Any, listing: Any
) -> None:
    inbound = {"direction": "inbound", "from_": ZOE, "to": binding.account.sender}
    twilio.answers((200, listing(resource(date_created=value, date_sent=value, **inbound))))

    [message] = await plugin.list_missed(binding, SINCE, twilio.ctx)

    assert message.sent_at is None


@pytest.fixture
def _far_from_greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_far_from_greenwich")
@pytest.mark.parametrize("zone", ["+0000", "-0000", "GMT"])
async def test_a_date_is_in_gmt_however_it_says_so(
    zone: str, binding: Binding, twilio: Any, resource: Any, listing: Any
) -> None:
    inbound = {"direction": "inbound", "from_": ZOE, "to": binding.account.sender}
    twilio.answers((200, listing(resource(date_sent=f"Sun, 22 Nov 2026 12:00:00 {zone}", **inbound))))

    [message] = await plugin.list_missed(binding, SINCE, twilio.ctx)

    assert message.sent_at == SINCE


@pytest.mark.parametrize("value", [7, True, [], {}, [7], [[]], "x", None])
async def test_a_list_that_is_none_is_not_an_empty_one(value: object, binding: Binding, twilio: Any) -> None:
    twilio.answers((200, {"messages": value}))

    if value == []:
        assert await plugin.find_sent(binding, MESSAGE, SINCE, (), twilio.ctx) is None
    else:
        with pytest.raises(ProviderUnavailable):
            await plugin.find_sent(binding, MESSAGE, SINCE, (), twilio.ctx)


@pytest.mark.parametrize(
    "following",
    [
        7,
        True,
        [1],
        {"a": 1},
        "x",
        "https://evil.example/x",
        "https://[",
        "//evil.example/x?",
        "http://api.twilio.com/x",
    ],
)
async def test_a_next_page_that_leads_elsewhere_is_not_followed(
    following: object, binding: Binding, twilio: Any, listing: Any
) -> None:
    twilio.answers((200, listing() | {"next_page_uri": following}), (500, ""))

    with pytest.raises(ProviderUnavailable):
        await plugin.find_sent(binding, MESSAGE, SINCE, (), twilio.ctx)

    assert {request.url.host for request in twilio.requests} == {"api.twilio.com"}


@pytest.mark.parametrize("value", STRANGE)
async def test_a_strange_name_of_an_account_is_none(value: object, binding: Binding, twilio: Any) -> None:
    twilio.answers((200, {"sid": binding.account.key, "friendly_name": value, "status": value, "type": value}))

    account = await plugin.configure(binding.settings, twilio.ctx)

    assert isinstance(account.display_name, str)
    assert is_text(account.display_name)


@pytest.mark.parametrize("value", [*STRANGE, "https://[", [{"message": 7}]])
@pytest.mark.parametrize("name", ["status", "webhook", "offline_reasons", "callback_url", "callback_method"])
async def test_a_strange_sender_spoils_no_check(name: str, value: object, binding: Binding, twilio: Any) -> None:
    webhook = {"callback_url": twilio.webhook_url, "callback_method": "POST"}
    sender = {"sender_id": binding.account.sender, "status": "OFFLINE", "webhook": webhook}
    (webhook if name.startswith("callback") else sender)[name] = value  # type: ignore[index]
    twilio.answers((200, {"sid": binding.account.key}), (200, {"senders": [sender]}))

    verification = await plugin.verify(binding, twilio.ctx)

    assert [check.code for check in verification.checks] == ["credentials", "sender", "webhook"]
    assert verification.checks[1].state is CheckState.FAILED


@pytest.mark.parametrize("value", STRANGE)
async def test_a_strange_error_is_its_http_status(value: object, binding: Binding, twilio: Any) -> None:
    error = dict.fromkeys(("code", "message", "type", "title", "detail", "status"), value)
    twilio.answers((503, error))

    with pytest.raises(SendUnknown):
        await plugin.send(binding, MESSAGE, twilio.ctx)
    with pytest.raises(ProviderUnavailable, match="HTTP 503"):
        await plugin.list_missed(binding, SINCE, twilio.ctx)


async def test_an_answer_too_deep_to_read_is_none(binding: Binding, twilio: Any) -> None:
    twilio.answers((201, '{"sid": ' + "[" * 100_000))

    with pytest.raises(SendUnknown):
        await plugin.send(binding, MESSAGE, twilio.ctx)
