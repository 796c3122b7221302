"""Whatever Telegram, or what stands before it, puts into an answer: the contract's errors and no others."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trinity_channels.api import (
    Account,
    Binding,
    ChannelError,
    ConfigurationError,
    OutboundMessage,
    ProviderUnavailable,
    Receipt,
    SendDeferred,
    SendError,
    Verification,
)
from trinity_channels_telegram import plugin
from trinity_channels_telegram.settings import TelegramSettings

WEBHOOK = "https://bot.example/api/telegram/webhook/fake-key"
MESSAGE = OutboundMessage("d-42", "-1009990001/30", "<b>hello</b>")
STRANGE: list[Any] = [
    None, 7, -1, 0, True, False, 1.5, float("inf"), float("nan"), 10**400, -(10**30), "", "x", "\x00", "\ud800", "7",
    "https://[", "a\nb", [], [[]], [None], {}, {"a": [1]},
]  # fmt: skip
BOT = {"id": 7770001, "is_bot": True, "first_name": "Support", "username": "support_bot", "can_join_groups": True}
INFO = {
    "url": WEBHOOK,
    "has_custom_certificate": False,
    "pending_update_count": 0,
    "max_connections": 40,
    "ip_address": "192.0.2.7",
    "last_error_date": 1795348500,
    "last_error_message": "Read timeout expired",
    "last_synchronization_error_date": 1795348500,
    "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"],
}
CHAT = {"id": -1009990001, "title": "Team", "type": "supergroup"}
DONE = True
TAKEN = {"message_id": 77, "from": BOT, "chat": CHAT, "date": 1795348800, "text": "hello"}


def ok(result: Any) -> dict[str, Any]:
    return {"ok": True, "result": result}


def refusal(code: int, description: str, **parameters: int) -> dict[str, Any]:
    return {"ok": False, "error_code": code, "description": description, "parameters": parameters}


# The recorded answers, in the order in which each hook gets them.
RECORDED: dict[str, list[list[tuple[int, Any]]]] = {
    "configure": [[(200, ok(BOT)), (200, ok(INFO))], [(401, refusal(401, "Unauthorized"))]],
    "verify": [[(200, ok(BOT)), (200, ok(INFO))], [(429, refusal(429, "Too Many Requests", retry_after=3))]],
    "register_webhook": [
        [(200, ok(DONE) | {"description": "Webhook was set"}), (200, ok(INFO))],
        [(400, refusal(400, "Bad Request: bad webhook: Failed to resolve host: Name or service not known"))],
    ],
    "indicate": [[(200, ok(DONE))], [(403, refusal(403, "Forbidden: bot was kicked from the supergroup chat"))]],
    "send": [
        [(200, ok(TAKEN))],
        [(403, refusal(403, "Forbidden: bot was blocked by the user"))],
        [(429, refusal(429, "Too Many Requests: retry after 7", retry_after=7))],
        [(400, refusal(400, "Bad Request: group chat was upgraded", migrate_to_chat_id=-1009990002)), (200, ok(TAKEN))],
        [(400, refusal(400, "Bad Request: can't parse entities: odd")), (200, ok(TAKEN))],
        [(500, refusal(500, "Internal Server Error: restart"))],
    ],
}
ALLOWED: dict[str, tuple[type[Exception], ...]] = {
    "configure": (ConfigurationError, ProviderUnavailable),
    "verify": (ConfigurationError, ProviderUnavailable),
    "register_webhook": (ConfigurationError, ProviderUnavailable),
    "indicate": (ChannelError,),
    "send": (SendError,),
}


def hook(name: str, binding: Binding, telegram: Any) -> Awaitable[object]:
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "configure": lambda: plugin.configure(binding.settings, telegram.ctx),
        "verify": lambda: plugin.verify(binding, telegram.ctx),
        "register_webhook": lambda: plugin.register_webhook(binding, telegram.ctx),
        "indicate": lambda: plugin.indicate(binding, "-1009990001/30:31", telegram.ctx),
        "send": lambda: plugin.send(binding, MESSAGE, telegram.ctx),
    }
    return calls[name]()


async def outcome(name: str, binding: Binding, telegram: Any) -> object:
    """What a hook returns, or the error that the contract allows; any other error ends the test."""
    try:
        return await hook(name, binding, telegram)
    except ALLOWED[name] as error:
        return error


def oddities(value: Any) -> Iterator[Any]:
    """The value with one field at a time replaced by each strange one, and left out."""
    yield from STRANGE
    if not isinstance(value, dict | list):
        return
    for name in list(value) if isinstance(value, dict) else range(len(value)):
        for odd in oddities(value[name]):
            changed = copy.copy(value)
            changed[name] = odd
            yield changed
        rest = copy.copy(value)
        del rest[name]
        yield rest


def is_storable(value: object) -> bool:
    said = repr(value)
    return said == said.encode(errors="replace").decode() and "\\ud800" not in said and "\\x00" not in said


@pytest.mark.parametrize(
    ("name", "script"), [(name, script) for name, scripts in RECORDED.items() for script in scripts]
)
async def test_a_strange_field_of_a_recorded_answer_is_one_of_the_contracts_errors(
    name: str, script: list[tuple[int, Any]], binding: Binding, telegram: Any
) -> None:
    for index, (status, body) in enumerate(script):
        for odd in oddities(body):
            telegram.requests.clear()
            telegram.answers(*script[:index], (status, odd), *script[index + 1 :])
            found = await outcome(name, binding, telegram)
            assert isinstance(found, (Account, Verification, Receipt, type(None), *ALLOWED[name]))
            assert "FakeToken" not in str(found)
            assert is_storable(found)


@pytest.mark.parametrize("before", [0, 260, 290])
@pytest.mark.parametrize("code", [400, 401, 403, 409, 500])
@pytest.mark.parametrize("name", sorted(RECORDED))
async def test_a_refusal_that_repeats_the_request_shows_no_credential(
    name: str, code: int, before: int, binding: Binding, telegram: Any
) -> None:
    """Wherever the provider's words are cut, for half a secret is one, too."""
    secrets = (TelegramSettings.model_validate(binding.settings).bot_token, binding.webhook_secret)
    token, secret = (one.get_secret_value() for one in secrets)
    repeated = f"/bot{token}/{name} {quote(token, safe='')} {secret if name == 'register_webhook' else ''}"
    telegram.answers((code, refusal(code, "x" * before + repeated)))

    found = await outcome(name, binding, telegram)

    for one in (token.partition(":")[2], secret):
        assert one[:6] not in f"{found!r}{getattr(found, 'failure', '')}"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(STRANGE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    ["ok", "result", "error_code", "description", "parameters", "retry_after", "message_id", "id", "username", "url"]
)
answers = st.recursive(json_values, lambda inner: st.dictionaries(names, inner | st.lists(inner, max_size=2)))


@given(answer=answers, status=st.sampled_from([200, 201, 204, 302, 307, 400, 401, 403, 404, 409, 429, 500, 503]))
@settings(
    max_examples=settings().max_examples * 3 // 2,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@pytest.mark.parametrize("name", sorted(RECORDED))
async def test_only_the_contracts_errors_are_raised(
    name: str, answer: object, status: int, binding: Binding, telegram: Any
) -> None:
    telegram.requests.clear()
    telegram.answers((status, answer))

    found = await outcome(name, binding, telegram)

    if name == "send" and HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        assert isinstance(found, SendDeferred)  # nothing has been taken where nothing was followed


@pytest.mark.parametrize("name", sorted(RECORDED))
async def test_an_answer_too_deep_to_read_is_none(name: str, binding: Binding, telegram: Any) -> None:
    telegram.answers((200, '{"ok": ' + "[" * 100_000))

    with pytest.raises(ALLOWED[name]):
        await hook(name, binding, telegram)


@pytest.mark.parametrize("name", sorted(RECORDED))
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(name: str, status: int, binding: Binding, telegram: Any) -> None:
    telegram.answers((status, ""))

    with pytest.raises(ALLOWED[name], match=f"HTTP {status}"):
        await hook(name, binding, telegram)

    assert len(telegram.requests) == 1
