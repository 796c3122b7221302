"""Slack's answers with every field of every answer changed in turn: only the contract's errors, and no false certainty."""

from __future__ import annotations

import copy
import itertools
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from trinity_channels.api import (
    Binding,
    ChannelError,
    OutboundMessage,
    ProviderUnavailable,
    SendDeferred,
    Sender,
    SendError,
    SendRejected,
    SendUnknown,
)
from trinity_channels_slack import plugin

Json = dict[str, Any]

ODD: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "\ud800",
    "x" * 5000,
    [],
    {},
    [1],
    {"a": 1},
    [[]],
    [None],
]
GONE = object()

MARK = {"event_type": "trinity_channels_delivery", "event_payload": {"id": "42"}}
OURS = {
    "type": "message",
    "user": "U0FAKEBOT",
    "bot_id": "B0FAKE001",
    "text": "hi",
    "ts": "1767225601.000300",
    "metadata": MARK,
}
THEIRS = {"type": "message", "user": "U0FAKE001", "text": "hello", "ts": "1767225602.000300"}
PAGE = {"ok": True, "has_more": False, "response_metadata": {"next_cursor": ""}}
RECORDED: dict[str, Json] = {
    "auth.test": {"ok": True, "url": "https://example.slack.com/", "team": "Example", "user": "agent",
                  "team_id": "T0FAKE001", "user_id": "U0FAKEBOT", "bot_id": "B0FAKE001", "is_enterprise_install": False},
    "chat.postMessage": {"ok": True, "channel": "D0FAKE001", "ts": "1767225601.000300", "message": OURS},
    "conversations.open": {"ok": True, "channel": {"id": "D0FAKE001"}},
    "conversations.history": PAGE | {"messages": [THEIRS, OURS]},
    "conversations.replies": PAGE | {"messages": [THEIRS, OURS]},
    "reactions.add": {"ok": True},
    "users.info": {"ok": True, "user": {"id": "U0FAKE001", "team_id": "T0FAKE001", "real_name": "Zoe", "deleted": False,
                   "is_bot": False, "is_restricted": False, "is_ultra_restricted": False, "is_email_confirmed": True,
                   "profile": {"display_name": "Zoe", "real_name": "Zoe", "email": "zoe@example.org"},
                   "enterprise_user": {"enterprise_id": "E0FAKE001"}}},
}  # fmt: skip
FAILED = {"ok": False, "error": "missing_scope", "needed": "chat:write", "response_metadata": {"messages": ["x"]}}


def changes(answer: Json) -> Iterator[tuple[str, Any]]:
    """The answer with one of its fields changed, and what was changed."""
    for path in paths(answer):
        for value in [*ODD, GONE]:
            changed = copy.deepcopy(answer)
            holder: Any = changed
            for step in path[:-1]:
                holder = holder[step]
            if value is GONE:
                del holder[path[-1]]
            else:
                holder[path[-1]] = value
            yield "/".join(map(str, path)), changed
    yield from (("", value) for value in ODD)


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield (*at, name)
        yield from paths(one, (*at, name))


class Answers:
    """A Slack that gives one answer to each method."""

    def __init__(self, slack: Any) -> None:
        self.given = copy.deepcopy(RECORDED)
        slack.answers(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=json.dumps(self.given[request.url.path.removeprefix("/api/")]))


async def call(hook: str, binding: Binding, ctx: Any) -> Any:
    direct, person = OutboundMessage("42", "D0FAKE001", "hi"), OutboundMessage("42", "U0FAKE001", "hi")
    thread = OutboundMessage("42", "C0FAKE001/1767225600.000100", "hi")
    calls = {
        "configure": lambda: plugin.configure(binding.settings, ctx),
        "verify": lambda: plugin.verify(binding, ctx),
        "send": lambda: plugin.send(binding, direct, ctx),
        "send to a person": lambda: plugin.send(binding, person, ctx),
        "resolve_identity": lambda: plugin.resolve_identity(binding, Sender("U0FAKE001"), ctx),
        "indicate": lambda: plugin.indicate(binding, "D0FAKE001/1.2", ctx),
        "resolve_quoted": lambda: plugin.resolve_quoted(binding, "C0FAKE001/1767225602.000300", ctx),
        "find_sent": lambda: plugin.find_sent(binding, direct, ctx.now(), (), ctx),
        "find_sent of a person": lambda: plugin.find_sent(binding, person, ctx.now(), (), ctx),
        "find_sent in a thread": lambda: plugin.find_sent(binding, thread, ctx.now(), (), ctx),
    }
    return await calls[hook]()


METHODS = {
    "configure": ["auth.test"],
    "verify": ["auth.test"],
    "send": ["chat.postMessage"],
    "send to a person": ["conversations.open", "chat.postMessage"],
    "resolve_identity": ["users.info"],
    "indicate": ["reactions.add"],
    "resolve_quoted": ["conversations.replies", "users.info"],
    "find_sent": ["conversations.history"],
    "find_sent of a person": ["conversations.open", "conversations.history"],
    "find_sent in a thread": ["conversations.replies"],
}


@pytest.mark.parametrize("hook", METHODS)
async def test_an_answer_of_any_shape_ends_in_the_contracts_errors(hook: str, binding: Binding, slack: Any) -> None:
    answers = Answers(slack)
    allowed = SendError if hook.startswith("send") else ChannelError
    await call(hook, binding, slack.ctx)

    for method in METHODS[hook]:
        for _, changed in itertools.chain(changes(RECORDED[method]), changes(FAILED)):
            answers.given[method] = changed
            with suppress(allowed):
                await call(hook, binding, slack.ctx)
        answers.given[method] = RECORDED[method]


@pytest.mark.parametrize("method", ["conversations.history", "conversations.replies"])
async def test_absence_is_told_only_by_a_list_that_proves_it(method: str, binding: Binding, slack: Any) -> None:
    answers = Answers(slack)
    to = "D0FAKE001" if method.endswith("history") else "C0FAKE001/1767225600.000100"
    absent = set()

    for where, changed in changes(RECORDED[method]):
        answers.given[method] = changed
        try:
            found = await plugin.find_sent(binding, OutboundMessage("42", to, "hi"), slack.ctx.now(), (), slack.ctx)
        except ProviderUnavailable:
            continue
        if found is None:
            absent.add((where, json.dumps(changed["messages"])))

    # Only where another message stands in its place, or none: then Slack itself says that ours is not there.
    gone = [json.dumps(one) for one in ([THEIRS], [])]
    others = {"messages/1/metadata/event_type", "messages/1/metadata/event_payload/id", "messages/1/metadata"}
    assert {where for where, messages in absent if messages not in gone} <= others


@pytest.mark.parametrize(
    "answer",
    [
        {"ok": True},
        {"ok": True, "messages": [], "has_more": True},
        {"ok": True, "messages": [], "has_more": True, "response_metadata": {"next_cursor": ""}},
        {"ok": True, "messages": [], "has_more": "false"},
        {"ok": True, "messages": [], "has_more": False, "response_metadata": {"next_cursor": 7}},
        {"ok": True, "messages": [], "has_more": False, "response_metadata": []},
        {"ok": True, "messages": {}, "has_more": False},
        {"ok": True, "messages": [THEIRS, None], "has_more": False},
        {"ok": True, "messages": [OURS | {"ts": 1767225601.0003}], "has_more": False},
        {"ok": True, "messages": [OURS | {"metadata": {"event_type": MARK["event_type"]}}], "has_more": False},
        {"ok": True, "messages": [OURS | {"metadata": {}}], "has_more": False},
        {"ok": True, "messages": [], "has_more": False, "response_metadata": {"next_cursor": "same"}},
    ],
)
async def test_a_list_that_proves_nothing_is_asked_for_again(answer: Json, binding: Binding, slack: Any) -> None:
    slack.answers(answer)

    with pytest.raises(ProviderUnavailable):
        await plugin.find_sent(binding, OutboundMessage("42", "D0FAKE001", "hi"), slack.ctx.now(), (), slack.ctx)


@pytest.mark.parametrize(
    "messages", [[], [THEIRS], [OURS | {"metadata": None}], [OURS | {"metadata": MARK | {"event_type": "x"}}]]
)
async def test_a_whole_list_without_it_proves_its_absence(messages: list[Json], binding: Binding, slack: Any) -> None:
    slack.answers(PAGE | {"messages": messages})

    found = await plugin.find_sent(binding, OutboundMessage("42", "D0FAKE001", "hi"), slack.ctx.now(), (), slack.ctx)

    assert found is None


@pytest.mark.parametrize(
    "channel", [1, None, [], {"id": 1}, {"id": ""}, {"id": "D0 FAKE"}, "D0FAKE001", {"id": ["D0FAKE001"]}]
)
async def test_a_chat_that_is_not_named_is_opened_again_later(channel: object, binding: Binding, slack: Any) -> None:
    slack.answers({"ok": True, "channel": channel})
    message = OutboundMessage("42", "U0FAKE001", "hi")

    with pytest.raises(SendDeferred):
        await plugin.send(binding, message, slack.ctx)
    with pytest.raises(ProviderUnavailable):
        await plugin.find_sent(binding, message, slack.ctx.now(), (), slack.ctx)


@pytest.mark.parametrize(
    "body", ["9" * 5000, '{"ok": ' + "1" * 5000 + "}", "[" * 100_000, "\udcff", "null", '{"ok": "true"}']
)
async def test_what_is_no_usable_json_is_no_answer(body: str, binding: Binding, slack: Any) -> None:
    slack.answers(lambda _: httpx.Response(200, content=body.encode("utf-8", "surrogateescape")))

    with pytest.raises(SendUnknown):
        await plugin.send(binding, OutboundMessage("42", "D0FAKE001", "hi"), slack.ctx)


async def test_a_redirect_takes_the_token_nowhere(binding: Binding, slack: Any) -> None:
    slack.answers(lambda _: httpx.Response(302, headers={"Location": "https://elsewhere.example/"}))

    with pytest.raises(SendDeferred):
        await plugin.send(binding, OutboundMessage("42", "D0FAKE001", "hi"), slack.ctx)
    with pytest.raises(ProviderUnavailable):
        await plugin.configure(binding.settings, slack.ctx)

    assert {one.url.host for one in slack.requests} == {"slack.com"}


@pytest.mark.parametrize(
    "change",
    [{"id": "U0FAKE002"}, {"deleted": "yes"}, {"is_email_confirmed": None}, {"is_email_confirmed": "true"},
     {"is_restricted": 1}, {"team_id": None}, {"is_stranger": "no"}],
)  # fmt: skip
async def test_nobody_is_vouched_for_by_an_odd_answer(change: Json, binding: Binding, slack: Any) -> None:
    slack.answers(RECORDED["users.info"] | {"user": RECORDED["users.info"]["user"] | change})

    try:
        identity = await plugin.resolve_identity(binding, Sender("U0FAKE001"), slack.ctx)
    except ProviderUnavailable:
        return

    assert identity.verified_email is None


async def test_a_refusal_of_a_send_is_one(binding: Binding, slack: Any) -> None:
    slack.answers(FAILED)

    with pytest.raises(SendRejected) as refused:
        await plugin.send(binding, OutboundMessage("42", "D0FAKE001", "hi"), slack.ctx)

    assert refused.value.failure.code == "missing_scope"


async def test_names_can_be_stored_whatever_slack_says(binding: Binding, slack: Any) -> None:
    slack.answers(RECORDED["auth.test"] | {"team": "Exa\ud800mple", "user": ["agent"]})

    account = await plugin.configure(binding.settings, slack.ctx)

    assert account.display_name == "Exa?mple"
