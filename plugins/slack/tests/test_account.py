"""Connecting, verifying, resolving, reading back: what Slack says, and what is made of it when it says nothing usable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from trinity_channels.api import (
    Binding,
    CheckState,
    ConfigurationError,
    OutboundMessage,
    ProviderUnavailable,
    Sender,
)
from trinity_channels_contract_tests.testing import answering
from trinity_channels_slack import plugin
from trinity_channels_slack.app import SCOPES

WHO = {
    "ok": True,
    "url": "https://example.slack.com/",
    "team": "Example",
    "user": "bot",
    "team_id": "T0FAKE001",
    "user_id": "U0FAKEBOT",
    "bot_id": "B0FAKE001",
    "app_id": "A0FAKE001",
}


def who(scopes: str | None, **changes: object) -> Callable[[httpx.Request], httpx.Response]:
    headers = {} if scopes is None else {"X-OAuth-Scopes": scopes}
    body = {name: value for name, value in (WHO | changes).items() if value is not None}
    return lambda _: httpx.Response(200, json=body, headers=headers)


async def test_a_good_token_opens_the_account(binding: Binding, slack: Any) -> None:
    slack.answers(who(", ".join(SCOPES)))

    opened = await plugin.configure(binding.settings, slack.ctx)

    assert (opened.key, opened.sender) == (binding.account.key, binding.account.sender)
    assert opened.facts == binding.account.facts
    assert (opened.display_name, opened.warnings) == ("Example / bot", ())
    assert "fake-bot-token" not in repr(opened)
    assert [method for method, _ in slack.asked] == ["auth.test"]


@pytest.mark.parametrize("needed", ["xoxb-1-fakeToken", "Bearer fake", ["users:read"], "users:read\nfake", 7])
async def test_scopes_that_are_none_are_not_shown(binding: Binding, slack: Any, needed: object) -> None:
    slack.answers({"ok": False, "error": "missing_scope", "needed": needed})

    with pytest.raises(ConfigurationError, match="missing_scope") as refused:
        await plugin.configure(binding.settings, slack.ctx)

    assert "It needs" not in refused.value.message


async def test_the_key_does_not_depend_on_what_slack_may_leave_out(binding: Binding, slack: Any) -> None:
    slack.answers(who(None, app_id=None, user="renamed"))

    opened = await plugin.configure(binding.settings, slack.ctx)

    assert opened.key == binding.account.key
    assert "app_id" not in opened.facts


async def test_every_missing_scope_is_a_warning(binding: Binding, slack: Any) -> None:
    slack.answers(who("chat:write,im:history"))

    opened = await plugin.configure(binding.settings, slack.ctx)

    assert len(opened.warnings) == len(SCOPES) - 2
    assert any("users:read.email" in warning for warning in opened.warnings)


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"bot_id": None}, "belongs to a person"), ({"is_enterprise_install": True}, "organisation-wide")],
)
async def test_a_token_of_another_kind_is_refused(
    changes: dict[str, object], words: str, binding: Binding, slack: Any
) -> None:
    slack.answers(who("", **changes))

    with pytest.raises(ConfigurationError, match=words) as refusal:
        await plugin.configure(binding.settings, slack.ctx)

    assert refusal.value.field == "bot_token"


@pytest.mark.parametrize("code", ["invalid_auth", "token_revoked", "account_inactive", "missing_scope"])
async def test_a_refused_token_is_told_in_slacks_words(code: str, binding: Binding, slack: Any) -> None:
    slack.answers({"ok": False, "error": code, "needed": "users:read"})

    with pytest.raises(ConfigurationError, match=code) as refusal:
        await plugin.configure(binding.settings, slack.ctx)

    assert (refusal.value.field, refusal.value.refused) == ("bot_token", True)
    assert "users:read" in refusal.value.message
    assert "fake-bot-token" not in refusal.value.message


def _fails(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def script(_: httpx.Request) -> httpx.Response:
        raise error

    return script


NO_ANSWERS = [
    pytest.param(_fails(httpx.ConnectError("fake")), id="no connection"),
    pytest.param(_fails(httpx.ReadTimeout("fake")), id="no answer"),
    pytest.param(_fails(OSError("fake")), id="a broken socket"),
    pytest.param((500, {"ok": False, "error": "invalid_auth"}), id="500"),
    pytest.param((429, {"ok": False, "error": "ratelimited"}), id="429"),
    pytest.param((502, "<html>Bad Gateway</html>"), id="HTML 502"),
    pytest.param((404, "<html>Not here</html>"), id="HTML 404"),
    pytest.param((200, "<html>Sign in to the hotel</html>"), id="HTML 200"),
    pytest.param((200, {"ok": False, "error": "a_code_nobody_knows"}), id="an unknown code"),
    pytest.param((200, {"ok": False}), id="no code"),
    pytest.param((200, {"ok": True}), id="nothing"),
    pytest.param((200, "[" * 100_000), id="a trap for parsers"),
    pytest.param((302, ""), id="a redirect"),
]


@pytest.mark.parametrize("script", NO_ANSWERS)
async def test_no_usable_answer_is_no_verdict(script: Any, binding: Binding, slack: Any) -> None:
    slack.answers(script)
    message = OutboundMessage("42", "D0FAKE001", "hello")

    with pytest.raises(ProviderUnavailable) as fault:
        await plugin.configure(binding.settings, slack.ctx)
    with pytest.raises(ProviderUnavailable):
        await plugin.resolve_identity(binding, Sender("U0FAKE001"), slack.ctx)
    if script != (200, {"ok": True}):  # which is what an empty chat looks like
        with pytest.raises(ProviderUnavailable):
            await plugin.find_sent(binding, message, slack.ctx.now(), (), slack.ctx)

    assert "fake" not in fault.value.message


async def test_the_pause_that_slack_asks_for_is_told(binding: Binding, slack: Any) -> None:
    slack.answers(answering(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "3600"}))

    with pytest.raises(ProviderUnavailable) as fault:
        await plugin.configure(binding.settings, slack.ctx)

    assert fault.value.retry_after == 3600


@pytest.mark.parametrize("code", ["invalid_auth", "missing_scope"])
async def test_a_refused_token_tells_nothing_about_a_message_or_a_person(
    code: str, binding: Binding, slack: Any
) -> None:
    slack.answers({"ok": False, "error": code})

    with pytest.raises(ProviderUnavailable):
        await plugin.find_sent(binding, OutboundMessage("42", "D0FAKE001", "hi"), slack.ctx.now(), (), slack.ctx)
    if code == "invalid_auth":
        with pytest.raises(ProviderUnavailable):
            await plugin.resolve_identity(binding, Sender("U0FAKE001"), slack.ctx)


async def test_verify_says_where_to_look_for_the_webhook(binding: Binding, slack: Any) -> None:
    slack.answers(who(None))

    verification = await plugin.verify(binding, slack.ctx)

    states = {check.code: check.state for check in verification.checks}
    assert states["scopes"] is CheckState.UNKNOWN
    assert slack.webhook_url in verification.checks[-1].fix


async def test_another_apps_mark_is_not_ours(binding: Binding, slack: Any) -> None:
    mark = {"event_type": "trinity_channels_delivery", "event_payload": {"id": "42"}}
    theirs = {"ts": "1767225601.000300", "user": "U0OTHERBT", "bot_id": "B0OTHER01", "metadata": mark}
    ours = theirs | {"ts": "1767225602.000300", "user": "U0FAKEBOT", "bot_id": "B0FAKE001"}
    odd = ours | {"metadata": None}
    message = OutboundMessage("42", "D0FAKE001", "hello")
    slack.answers({"ok": True, "messages": [theirs, odd]}, {"ok": True, "messages": [theirs, ours]})

    assert await plugin.find_sent(binding, message, slack.ctx.now(), (), slack.ctx) is None
    found = await plugin.find_sent(binding, message, slack.ctx.now(), (), slack.ctx)

    assert found is not None
    assert found.provider_id == "D0FAKE001/1767225602.000300"
    assert slack.asked[0][1]["oldest"] == "1767225540.000000"


async def test_too_many_messages_to_look_through_is_no_absence(binding: Binding, slack: Any) -> None:
    slack.answers({"ok": True, "messages": [], "response_metadata": {"next_cursor": "x"}})

    with pytest.raises(ProviderUnavailable):
        await plugin.find_sent(binding, OutboundMessage("42", "D0FAKE001", "hi"), slack.ctx.now(), (), slack.ctx)

    assert len(slack.requests) == 10


async def test_a_member_of_the_same_enterprise_is_vouched_for(make_binding: Callable[..., Binding], slack: Any) -> None:
    facts = {"team_id": "T0FAKE001", "enterprise_id": "E0FAKE001"}
    profile = {"display_name": "", "real_name": "Zoe  Doe", "email": "zoe@example.org"}
    user = {
        "id": "W0FAKE001",
        "team_id": "T0FAKE002",
        "profile": profile,
        "enterprise_user": {"enterprise_id": "E0FAKE001"},
    }
    slack.answers({"ok": True, "user": user})

    insider = await plugin.resolve_identity(make_binding(facts=facts), Sender("W0FAKE001"), slack.ctx)
    outsider = await plugin.resolve_identity(make_binding(), Sender("W0FAKE001"), slack.ctx)

    assert (insider.name, insider.verified_email) == ("Zoe Doe", "zoe@example.org")
    assert outsider.verified_email is None


@pytest.mark.parametrize("message_id", ["", "1767225600.000100", "C0FAKE001", "../x"])
async def test_eyes_need_a_message(message_id: str, binding: Binding, slack: Any) -> None:
    with pytest.raises(ProviderUnavailable):
        await plugin.indicate(binding, message_id, slack.ctx)

    assert slack.asked == []


async def test_a_stand_in_takes_every_call_and_the_environments_proxy_none(
    binding: Binding, slack: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://zoe:fake-password@proxy.example")
    caplog.set_level("DEBUG")
    slack.api_base_url = "http://127.0.0.1:9/stand-in/"
    slack.answers(who(""))

    await plugin.configure(binding.settings, slack.ctx)

    assert [str(one.url) for one in slack.requests] == ["http://127.0.0.1:9/stand-in/api/auth.test"]
    assert "fake" not in caplog.text
