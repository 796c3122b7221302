"""Connecting, registering and verifying, as far as Telegram's answers go."""

from __future__ import annotations

import asyncio
import logging
import traceback
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from trinity_channels.api import Binding, ChannelError, CheckState, ConfigurationError, ProviderUnavailable
from trinity_channels_telegram import plugin
from trinity_channels_telegram.settings import TelegramSettings

TOKEN = "7770001:FakeTokenOfTheTests"
WEBHOOK = "https://bot.example/api/telegram/webhook/fake-key"
BOT = {
    "id": 7770001,
    "is_bot": True,
    "first_name": "Support",
    "username": "support_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": True,
}
NOWHERE = {"url": "", "has_custom_certificate": False, "pending_update_count": 0}
HERE = NOWHERE | {"url": WEBHOOK, "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"]}


def ok(result: object) -> tuple[int, object]:
    return 200, {"ok": True, "result": result}


def refusal(code: int, description: str, **parameters: int) -> tuple[int, object]:
    return code, {"ok": False, "error_code": code, "description": description, "parameters": parameters}


DONE = 200, {"ok": True, "result": True}


def cut(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError(f"cut: {request.url!r}")


async def test_the_account_is_the_bot(binding: Binding, telegram: Any) -> None:
    telegram.answers(ok(BOT), ok(NOWHERE))

    account = await plugin.configure(binding.settings, telegram.ctx)

    assert (account.key, account.sender, account.display_name) == ("7770001", "@support_bot", "Support")
    assert account.facts == {"id": "7770001", "username": "support_bot"}
    assert account.pace == timedelta(seconds=1)
    assert account.warnings == ()
    assert [method for method, _ in telegram.calls] == ["getMe", "getWebhookInfo"]  # nothing is changed


@pytest.mark.parametrize(
    ("changes", "url", "words"),
    [
        ({"can_read_all_group_messages": False}, "", "group privacy"),
        ({"can_join_groups": False}, "", "cannot be added to groups"),
        ({}, "https://old.example/hook/fake-path-secret", "old.example"),
        ({}, WEBHOOK.replace("fake-key", "earlier-key"), None),
        ({}, "https://[broken", "another address"),
    ],
)
async def test_the_owner_is_warned(
    changes: dict[str, object], url: str, words: str | None, binding: Binding, telegram: Any
) -> None:
    telegram.answers(ok(BOT | changes), ok(NOWHERE | {"url": url}))

    account = await plugin.configure(binding.settings, telegram.ctx)

    assert len(account.warnings) == (words is not None)
    assert words is None or words in account.warnings[0]
    assert "fake-path-secret" not in str(account.warnings)


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        (refusal(401, "Unauthorized"), ConfigurationError, "Unauthorized"),
        (refusal(404, "Not Found"), ConfigurationError, "Not Found"),
        (refusal(429, "Too Many Requests", retry_after=3), ProviderUnavailable, "in 3 seconds"),
        (refusal(500, "Internal Server Error"), ProviderUnavailable, "500"),
        (refusal(403, "Forbidden: odd"), ProviderUnavailable, "odd"),
        ((502, "<html>"), ProviderUnavailable, "502"),
        ((404, "<html>"), ProviderUnavailable, "404"),
        (cut, ProviderUnavailable, "ReadError"),
        (ok([]), ProviderUnavailable, "no usable answer"),
        (ok({"id": "7"}), ProviderUnavailable, "no usable answer"),
    ],
)
@pytest.mark.parametrize("hook", ["configure", "verify"])
async def test_a_bot_that_cannot_be_opened(
    hook: str,
    script: Any,
    error: type[ChannelError],
    words: str,
    binding: Binding,
    telegram: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    telegram.answers(script, ok(NOWHERE))

    with pytest.raises(error, match=words) as problem:
        await getattr(plugin, hook)(binding.settings if hook == "configure" else binding, telegram.ctx)

    assert "FakeToken" not in "".join(traceback.format_exception(problem.value)) + caplog.text
    if isinstance(problem.value, ConfigurationError):
        assert (problem.value.field, problem.value.refused) == ("bot_token", True)


async def test_httpx_does_not_log_the_token(binding: Binding, telegram: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="httpx")
    telegram.answers(ok(BOT), ok(NOWHERE))

    await plugin.configure(binding.settings, telegram.ctx)

    assert "/bot…/getMe" in caplog.text
    assert "FakeToken" not in caplog.text + repr(telegram.requests) + str(telegram.requests[0].url)


# --- the webhook ---


async def test_everything_is_said_when_registering(binding: Binding, telegram: Any) -> None:
    telegram.answers(DONE, ok(HERE))

    await plugin.register_webhook(binding, telegram.ctx)

    assert telegram.calls[0] == (
        "setWebhook",
        {
            "url": WEBHOOK,
            "secret_token": "fake-secret_of-the-webhook",
            "allowed_updates": ["message", "edited_message", "callback_query", "my_chat_member"],
            "max_connections": 40,
        },
    )


@pytest.mark.parametrize("secret", ["", "with space", "ümlaut", "x" * 257, "a.b", "a\n"])
async def test_a_secret_that_telegram_refuses_is_not_offered(secret: str, binding: Binding, telegram: Any) -> None:
    with pytest.raises(ConfigurationError):
        await plugin.register_webhook(replace(binding, webhook_secret=SecretStr(secret)), telegram.ctx)

    assert telegram.requests == []


async def test_without_a_public_address_nothing_is_registered(binding: Binding, telegram: Any) -> None:
    telegram.webhook_url = None

    with pytest.raises(ConfigurationError, match="no public address"):
        await plugin.register_webhook(binding, telegram.ctx)


@pytest.mark.parametrize(
    ("scripts", "error", "words"),
    [
        ([refusal(400, "Bad Request: bad webhook: Failed to resolve host")], ConfigurationError, "Failed to resolve"),
        ([refusal(401, "Unauthorized")], ConfigurationError, "bot token"),
        ([refusal(429, "Too Many Requests", retry_after=9)], ProviderUnavailable, "in 9 seconds"),
        ([DONE, ok(HERE | {"url": "https://other.example/x"})], ConfigurationError, "other.example"),
        ([DONE, ok(NOWHERE)], ConfigurationError, "nowhere"),
        ([DONE, ok("odd")], ProviderUnavailable, "where"),
        ([cut], ProviderUnavailable, "ReadError"),
    ],
)
async def test_a_webhook_that_is_not_registered(
    scripts: list[Any], error: type[ChannelError], words: str, binding: Binding, telegram: Any
) -> None:
    telegram.answers(*scripts)

    with pytest.raises(error, match=words):
        await plugin.register_webhook(binding, telegram.ctx)


# --- verify ---

RECENT, LONG_AGO = 1795348500, 1795300000  # against 12:00 of the test's day, 1795348800

LOOKS = [
    pytest.param({}, {}, {}, id="all is well"),
    pytest.param({}, {"url": ""}, {"webhook": "failed", "updates": None, "delivery": None}, id="no webhook"),
    pytest.param(
        {}, {"url": "https://x.example/"}, {"webhook": "failed", "updates": None, "delivery": None}, id="elsewhere"
    ),
    pytest.param({"id": 7770002}, {}, {"credentials": "failed"}, id="another bot"),
    pytest.param({"can_join_groups": False}, {}, {"groups": "warning"}, id="no groups"),
    pytest.param({}, {"allowed_updates": ["poll"]}, {"updates": "failed"}, id="the wrong updates"),
    pytest.param({}, {"allowed_updates": None}, {}, id="the default updates"),
    pytest.param({}, {"pending_update_count": 3}, {"delivery": "warning"}, id="some wait"),
    pytest.param({}, {"last_error_date": LONG_AGO, "last_error_message": "x"}, {}, id="an error of long ago"),
    pytest.param(
        {}, {"last_error_date": RECENT, "last_error_message": "x"}, {"delivery": "warning"}, id="an error, overcome"
    ),
    pytest.param(
        {},
        {"last_error_date": RECENT, "last_error_message": "SSL error", "pending_update_count": 3},
        {"delivery": "failed"},
        id="an error, and some wait",
    ),
    pytest.param({}, {"last_error_date": 10**30, "pending_update_count": "3"}, {}, id="odd figures"),
]


@pytest.mark.parametrize(("bot", "info", "differs"), LOOKS)
async def test_verify_looks_at_everything(
    bot: dict[str, Any], info: dict[str, Any], differs: dict[str, str | None], binding: Binding, telegram: Any
) -> None:
    telegram.answers(ok(BOT | bot), ok(HERE | info))

    verification = await plugin.verify(binding, telegram.ctx)

    wanted = {"credentials": "ok", "webhook": "ok", "updates": "ok", "delivery": "ok"} | differs
    assert {check.code: check.state for check in verification.checks} == {
        code: state for code, state in wanted.items() if state is not None
    }
    assert all(check.fix for check in verification.checks if check.state is not CheckState.OK)
    assert {method for method, _ in telegram.calls} == {"getMe", "getWebhookInfo"}


async def test_verify_without_a_public_address(binding: Binding, telegram: Any) -> None:
    telegram.webhook_url = None
    telegram.answers(ok(BOT), ok(NOWHERE))

    checks = (await plugin.verify(binding, telegram.ctx)).checks

    assert [(check.code, check.state) for check in checks][1:] == [("webhook", CheckState.UNKNOWN)]


# --- settings ---


@pytest.mark.parametrize("entered", [TOKEN, f"  {TOKEN}\n", "1:x", "9007199254740991:" + "A" * 35])
def test_a_token_is_taken(entered: str) -> None:
    settings = TelegramSettings.model_validate({"bot_token": entered})

    assert settings.bot_token.get_secret_value() == entered.strip()
    assert "FakeToken" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    "entered",
    [
        "",
        "FakeToken",
        "0:FakeToken",
        "bot7:FakeToken",
        "7:Fake/Token",
        "7:FakeToken?",
        "7:" + "FakeToken" * 9,
        "\u0667:x",
        7,
    ],
)
def test_what_is_no_token_is_not_repeated(entered: object) -> None:
    with pytest.raises(ValidationError) as problem:
        TelegramSettings.model_validate({"bot_token": entered})

    assert "FakeToken" not in str(problem.value)


async def test_a_registration_right_after_another_waits_for_its_second(
    binding: Binding, telegram: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    telegram.answers(refusal(429, "Too Many Requests: retry after 1", retry_after=1), DONE, ok(HERE))

    await plugin.register_webhook(binding, telegram.ctx)

    assert waited == [1]


@pytest.mark.parametrize("pause", [30, 3600])
async def test_a_registration_does_not_wait_long(pause: int, binding: Binding, telegram: Any) -> None:
    telegram.answers(refusal(429, "Too Many Requests", retry_after=pause))

    with pytest.raises(ProviderUnavailable, match=f"in {pause} seconds"):
        await plugin.register_webhook(binding, telegram.ctx)

    assert len(telegram.requests) == 1
