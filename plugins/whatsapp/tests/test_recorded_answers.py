"""Every field of every recorded answer, changed into everything that JSON can hold: the contract's errors and no others."""

from __future__ import annotations

import copy
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from trinity_channels.api import (
    Binding,
    ConfigurationError,
    OutboundMessage,
    ProviderUnavailable,
    Receipt,
    SendDeferred,
    SendError,
)
from trinity_channels_whatsapp import plugin

FOLDER = Path(__file__).parent.parent / "payloads" / "answers"
ANSWERS = sorted(FOLDER.glob("*.json"))
SINCE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MESSAGE = OutboundMessage(id="d-42", to="whatsapp:+15557770002", text="hello")
ABSENT = object()
STRANGE: list[Any] = [
    *(ABSENT, None, True, 0, -1, 7, 1.5, 10**400, float("nan"), float("-inf")),
    *(
        "",
        " ",
        "0",
        "x",
        "\x00",
        "\ud800",
        "9" * 5000,
        "https://[",
        "//evil.example/x",
        "Sun, 99 Nov 2026 25:00:00 +9999",
    ),
    *([], [[]], [None], ["x"], [{}], {}, {"sid": {}}, {"a": [{"b": None}]}),
]
HEADERS = [
    "",
    "soon",
    "-1",
    "nan",
    "inf",
    "1e999",
    "9" * 400,
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "٣",
    "\u00ff",
    "1,2",
    "0x1",
]
Hook = Callable[[Any], Awaitable[object]]
HOOKS: dict[str, Callable[[Binding], Hook]] = {
    "send": lambda binding: lambda ctx: plugin.send(binding, MESSAGE, ctx),
    "find_sent": lambda binding: lambda ctx: plugin.find_sent(binding, MESSAGE, SINCE, (), ctx),
    "list_missed": lambda binding: lambda ctx: plugin.list_missed(binding, SINCE, ctx),
    "configure": lambda binding: lambda ctx: plugin.configure(binding.settings, ctx),
    "verify": lambda binding: lambda ctx: plugin.verify(binding, ctx),
    "indicate": lambda binding: lambda ctx: plugin.indicate(binding, "SM" + "1" * 32, ctx),
    "register_webhook": lambda binding: lambda ctx: plugin.register_webhook(binding, ctx),
}


READ_BY = {
    "message_taken": ("send",),
    "message_failed_at_once": ("send",),
    "messages_listed": ("find_sent", "list_missed"),
    "account": ("configure", "verify"),
    "senders": ("verify", "register_webhook"),
    "sender_taken": ("register_webhook",),
    "webhook_refused": ("register_webhook",),
    "typing": ("indicate",),
    "refused": ("send",),
    "refused_as_rfc9457": ("send", "find_sent"),
    "too_many_requests": ("send", "list_missed"),
    "unauthorized": ("send", "configure"),
    "not_found": ("indicate", "verify", "register_webhook"),
    "unavailable": ("send", "list_missed"),
}


# What answers the change of a sender, which is looked up first.
CHANGES = {"sender_taken", "webhook_refused"}


def read(path: Path) -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads(path.read_text())
    return recorded


def places(value: object, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Name every field, at every depth."""
    if at:
        yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, held in inner:
        yield from places(held, (*at, name))


def changed(body: Any, at: tuple[str | int, ...], value: object) -> Any:
    body = copy.deepcopy(body)
    *way, last = at
    holder = body
    for step in way:
        holder = holder[step]
    if value is ABSENT:
        del holder[last]
    else:
        holder[last] = value
    return body


def variants(recorded: dict[str, Any]) -> Iterator[str]:
    body = recorded["body"]
    yield from (json.dumps(value) for value in STRANGE[1:])
    for at in places(body):
        for value in STRANGE:
            yield json.dumps(changed(body, at, value))


async def ask(hook: Hook, name: str, twilio: Any) -> None:
    """Call a hook, which may raise what the contract says and nothing else."""
    promised = SendError if name == "send" else (ProviderUnavailable, ConfigurationError)
    with suppress(promised):
        answer = await hook(twilio.ctx)
        if isinstance(answer, Receipt):
            assert answer.provider_id
    assert {request.url.host for request in twilio.requests} <= {"api.twilio.com", "messaging.twilio.com"}
    twilio.requests.clear()


def test_every_recorded_answer_is_changed() -> None:
    assert {path.stem for path in ANSWERS} == set(READ_BY)


@pytest.mark.parametrize(("stem", "name"), [(stem, name) for stem, names in READ_BY.items() for name in names])
async def test_a_changed_answer_raises_nothing_of_its_own(stem: str, name: str, binding: Binding, twilio: Any) -> None:
    recorded, account, senders = (read(FOLDER / f"{name}.json") for name in (stem, "account", "senders"))
    hook = HOOKS[name](binding)
    for text in variants(recorded):
        answer = (recorded["status"], text)
        before = []
        if (stem, name) == ("senders", "verify"):
            before = [(200, account["body"])]
        elif stem in CHANGES:
            before = [(200, senders["body"])]
        twilio.answers(*before, answer)
        await ask(hook, name, twilio)


@pytest.mark.parametrize("name", HOOKS)
@pytest.mark.parametrize("status", [199, 204, 206, 299, 300, 304, 399, 402, 405, 409, 422, 451, 499, 500, 511, 599])
async def test_an_answer_of_another_status_raises_nothing_of_its_own(
    status: int, name: str, binding: Binding, twilio: Any
) -> None:
    for path in ANSWERS:
        twilio.answers((status, read(path)["body"]))
        await ask(HOOKS[name](binding), name, twilio)


@pytest.mark.parametrize("value", HEADERS)
@pytest.mark.parametrize("header", ["Retry-After", "retry-after-ms", "Content-Type", "Location"])
async def test_a_strange_header_is_no_error(header: str, value: str, binding: Binding, twilio: Any) -> None:
    body = read(FOLDER / "too_many_requests.json")["body"]
    twilio.answers(lambda _: httpx.Response(429, json=body, headers={header: value.encode()}))

    with pytest.raises(SendDeferred) as pause:
        await plugin.send(binding, MESSAGE, twilio.ctx)

    assert pause.value.retry_after is None or 0 <= pause.value.retry_after <= 86_400
