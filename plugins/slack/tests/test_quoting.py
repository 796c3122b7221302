"""Reading the root of a thread: its words, its author, and what cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from trinity_channels.api import Binding, ProviderUnavailable, Quoted
from trinity_channels_slack import plugin

ROOT = "C0FAKE001/1767225600.000100"
MESSAGE = {"type": "message", "user": "U0FAKE002", "text": "the *lamp* &amp; the oil", "ts": "1767225600.000100"}
SAM = {"ok": True, "user": {"id": "U0FAKE002", "profile": {"display_name": "Sam"}}}


def thread(*messages: Any) -> dict[str, Any]:
    return {"ok": True, "messages": list(messages), "has_more": False}


async def read(binding: Binding, slack: Any, *answers: Any, message_id: str = ROOT) -> Quoted:
    slack.answers(*answers)
    return await plugin.resolve_quoted(binding, message_id, slack.ctx)


async def test_a_root_has_its_words_and_its_author(binding: Binding, slack: Any) -> None:
    found = await read(binding, slack, thread(MESSAGE), SAM)

    assert found == Quoted("the *lamp* & the oil", ROOT, "Sam")
    assert slack.asked[0] == (
        "conversations.replies",
        {"channel": "C0FAKE001", "ts": "1767225600.000100", "limit": "1", "inclusive": "true"},
    )


@pytest.mark.parametrize(
    ("change", "text", "author"),
    [
        ({"bot_id": "B0FAKE009", "username": "Alerts"}, "the *lamp* & the oil", "Alerts"),
        ({"bot_profile": {"name": "Deploys"}}, "the *lamp* & the oil", "Deploys"),
        ({"text": "", "attachments": [{"title": "Disk", "text": "full"}]}, "Disk\nfull", "Sam"),
        ({"text": "", "files": [{"id": "F0FAKE001", "name": "lamp.png"}]}, "[lamp.png]", "Sam"),
        ({"text": "x" * 5000}, "x" * 1999 + "…", "Sam"),
        ({"text": "<@U0FAKEBOT> why?"}, "why?", "Sam"),
    ],
)
async def test_roots_of_every_kind(
    change: dict[str, Any], text: str, author: str, binding: Binding, slack: Any
) -> None:
    assert await read(binding, slack, thread(MESSAGE | change), SAM) == Quoted(text, ROOT, author)


async def test_our_own_message_is_ours(binding: Binding, slack: Any) -> None:
    found = await read(binding, slack, thread(MESSAGE | {"user": "U0FAKEBOT", "bot_id": "B0FAKE001"}))

    assert (found.by_agent, found.author) == (True, "")
    assert len(slack.requests) == 1


@pytest.mark.parametrize("answer", [{"ok": False, "error": "missing_scope"}, (429, ""), (502, "<html>")])
async def test_an_author_that_is_not_told_is_left_out(answer: Any, binding: Binding, slack: Any) -> None:
    assert await read(binding, slack, thread(MESSAGE), answer) == Quoted("the *lamp* & the oil", ROOT)


@pytest.mark.parametrize(
    "answer",
    [
        thread(),
        thread(MESSAGE | {"ts": "1767225601.000100"}),
        thread(MESSAGE | {"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted."}),
        *({"ok": False, "error": code} for code in ("thread_not_found", "not_in_channel", "missing_scope")),
    ],
)
async def test_what_is_gone_has_no_words(answer: Any, binding: Binding, slack: Any) -> None:
    assert await read(binding, slack, answer) == Quoted(provider_id=ROOT)


@pytest.mark.parametrize("answer", [(429, ""), (500, ""), (200, "<html>"), {"ok": False, "error": "internal_error"}])
async def test_what_cannot_be_asked_is_unavailable(answer: Any, binding: Binding, slack: Any) -> None:
    with pytest.raises(ProviderUnavailable):
        await read(binding, slack, answer)


@pytest.mark.parametrize("message_id", ["", "D0FAKE001", "C0FAKE001/", "C0FAKE001/x", "\ud800/1.2"])
async def test_what_names_no_message_is_not_asked_about(message_id: str, binding: Binding, slack: Any) -> None:
    assert await read(binding, slack, thread(MESSAGE), message_id=message_id) == Quoted(provider_id=message_id)
    assert slack.requests == []
