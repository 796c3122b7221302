"""Connecting and verifying: what Twilio says of the account, and what the owner is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from trinity_channels.api import Binding, Check, CheckState, ConfigurationError, ProviderUnavailable
from trinity_channels_whatsapp import plugin

SANDBOX = "whatsapp:+14155238886"
UNAUTHORIZED = {"code": 20003, "message": "Authenticate", "more_info": "https://www.twilio.com/docs/errors/20003"}


@pytest.fixture
def account(binding: Binding) -> dict[str, object]:
    return {
        "sid": binding.account.key,
        "friendly_name": "Fake business",
        "status": "active",
        "type": "Full",
        "auth_token": "fake-auth-token-from-the-answer",
    }


def sender(binding: Binding, webhook: object, *, status: str = "ONLINE", number: str = "") -> dict[str, object]:
    return {"sid": "XE1", "sender_id": number or binding.account.sender, "status": status, "webhook": webhook}


def senders(*listed: dict[str, object], next_page_url: str | None = None) -> tuple[int, object]:
    return 200, {"senders": list(listed), "meta": {"key": "senders", "next_page_url": next_page_url}}


def by_code(checks: tuple[Check, ...]) -> dict[str, CheckState]:
    return {check.code: check.state for check in checks}


async def test_good_credentials_open_the_account(binding: Binding, twilio: Any, account: dict[str, object]) -> None:
    twilio.answers((200, account))

    opened = await plugin.configure(binding.settings, twilio.ctx)

    assert (opened.key, opened.sender) == (binding.account.key, binding.account.sender)
    assert opened.display_name == "Fake business"
    assert (opened.sandbox, opened.pace, opened.warnings) == (False, timedelta(0), ())
    assert str(twilio.requests[0].url) == f"https://api.twilio.com/2010-04-01/Accounts/{opened.key}.json"
    assert twilio.credentials == f"{opened.key}:fake-auth-token"
    assert "fake-auth-token" not in repr(opened)


async def test_the_sandbox_has_a_pace_and_a_trial_a_warning(
    make_binding: Callable[..., Binding], twilio: Any, account: dict[str, object]
) -> None:
    twilio.answers((200, account | {"type": "Trial"}))

    opened = await plugin.configure(make_binding(from_number=SANDBOX).settings, twilio.ctx)

    assert (opened.sandbox, opened.pace) == (True, timedelta(seconds=3))
    assert "trial" in opened.warnings[0]


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, UNAUTHORIZED, "Authenticate"),
        (401, {"code": 20003, "message": "bad fake-auth-token here"}, "bad … here"),
        (401, "", "Unauthorized"),
        (403, {"code": 20403, "message": "Forbidden for you"}, "Forbidden for you"),
        (404, {"code": 20404, "message": "The requested resource was not found."}, "was not found"),
        (401, {"type": "t", "title": "Denied", "status": 401, "code": 20003, "detail": "no"}, "Denied: no"),
    ],
)
async def test_refused_credentials_are_told_in_twilios_words(
    status: int, body: object, words: str, binding: Binding, twilio: Any
) -> None:
    twilio.answers((status, body))

    with pytest.raises(ConfigurationError) as refusal:
        await plugin.configure(binding.settings, twilio.ctx)

    assert (refusal.value.field, refusal.value.refused) == ("auth_token", True)
    assert words in refusal.value.message
    assert "copy the Auth Token again" in refusal.value.message
    assert "fake-auth-token" not in refusal.value.message


@pytest.mark.parametrize("status", ["suspended", "closed"])
async def test_an_account_that_is_not_open_is_refused(
    status: str, binding: Binding, twilio: Any, account: dict[str, object]
) -> None:
    twilio.answers((200, account | {"status": status}))

    with pytest.raises(ConfigurationError, match=status) as refusal:
        await plugin.configure(binding.settings, twilio.ctx)

    assert refusal.value.refused


def _fails(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def script(_: httpx.Request) -> httpx.Response:
        raise error

    return script


@pytest.mark.parametrize(
    "answer",
    [
        (404, "<html>Not here</html>"),
        (404, ""),
        (403, "<html>No</html>"),
        (301, ""),
        (405, {"detail": ""}),
        (400, "{}"),
    ],
)
async def test_an_error_in_no_words_of_twilios_is_put_down_to_what_is_between(
    answer: tuple[int, object], binding: Binding, twilio: Any
) -> None:
    twilio.answers(answer)

    with pytest.raises(ProviderUnavailable) as error:
        await plugin.configure(binding.settings, twilio.ctx)

    assert "look at the proxy between, and at twilio_api_base_url" in error.value.message


NO_ANSWERS = [
    pytest.param(_fails(httpx.ConnectError("fake")), id="no connection"),
    pytest.param(_fails(httpx.ReadTimeout("fake")), id="no answer"),
    pytest.param(_fails(OSError("fake")), id="a broken socket"),
    pytest.param((500, {"code": 20500, "message": "Internal"}), id="500"),
    pytest.param((429, {"code": 20429, "message": "Too many"}), id="429"),
    pytest.param((502, "<html>Bad Gateway</html>"), id="HTML 502"),
    pytest.param((404, "<html>Not here</html>"), id="HTML 404"),
    pytest.param((200, "<html>Sign in to the hotel</html>"), id="HTML 200"),
    pytest.param((200, {}), id="nothing"),
    pytest.param((200, []), id="a list"),
    pytest.param((200, "null"), id="null"),
    pytest.param((302, ""), id="a redirect"),
]


@pytest.mark.parametrize("script", NO_ANSWERS)
async def test_no_usable_answer_is_no_verdict(script: Any, binding: Binding, twilio: Any) -> None:
    twilio.answers(script)

    with pytest.raises(ProviderUnavailable) as fault:
        await plugin.configure(binding.settings, twilio.ctx)

    assert "fake" not in fault.value.message


async def test_verify_finds_the_sender_online_and_pointing_here(
    binding: Binding, twilio: Any, account: dict[str, object]
) -> None:
    webhook = {"callback_url": twilio.webhook_url + "#rc=2&rp=ct", "callback_method": "POST"}
    twilio.answers((200, account), senders(sender(binding, None, number="whatsapp:+1999"), sender(binding, webhook)))

    verification = await plugin.verify(binding, twilio.ctx)

    assert by_code(verification.checks) == {
        "credentials": CheckState.OK,
        "sender": CheckState.OK,
        "webhook": CheckState.OK,
    }
    assert verification.account.display_name == "Fake business"
    assert twilio.requests[1].url.params["Channel"] == "whatsapp"
    assert {request.method for request in twilio.requests} == {"GET"}


@pytest.mark.parametrize(
    ("webhook", "state", "words"),
    [
        ({"callback_url": "https://other.example/hook", "callback_method": "POST"}, CheckState.FAILED, "other.example"),
        ({"callback_url": "https://bot.example/old"}, CheckState.FAILED, "another path"),
        ({"callback_url": "http://bot.example/old"}, CheckState.FAILED, "another scheme or port"),
        ({"callback_url": "https://bot.example:8443/old"}, CheckState.FAILED, "another scheme or port"),
        ({"callback_url": "WEBHOOK", "callback_method": "PUT"}, CheckState.FAILED, "PUT instead of POST"),
        ({"callback_url": "WEBHOOK"}, CheckState.OK, "points here"),
        ({"callback_url": ""}, CheckState.FAILED, "no webhook"),
        (None, CheckState.FAILED, "no webhook"),
        ("odd", CheckState.FAILED, "no webhook"),
    ],
)
async def test_verify_says_what_is_wrong_with_the_webhook(
    webhook: Any, state: CheckState, words: str, binding: Binding, twilio: Any, account: dict[str, object]
) -> None:
    if isinstance(webhook, dict) and webhook["callback_url"] == "WEBHOOK":
        webhook["callback_url"] = twilio.webhook_url
    twilio.answers((200, account), senders(sender(binding, webhook)))

    verification = await plugin.verify(binding, twilio.ctx)

    check = verification.checks[-1]
    assert (check.code, check.state) == ("webhook", state)
    assert words in check.message
    assert state is CheckState.OK or twilio.webhook_url in check.fix


async def test_verify_names_a_sender_that_is_offline(binding: Binding, twilio: Any, account: dict[str, object]) -> None:
    offline = sender(binding, None, status="OFFLINE") | {"offline_reasons": [{"code": "1", "message": "Not verified"}]}
    twilio.answers((200, account), senders(offline))

    verification = await plugin.verify(binding, twilio.ctx)

    check = next(check for check in verification.checks if check.code == "sender")
    assert check.state is CheckState.FAILED
    assert "OFFLINE" in check.message
    assert "Not verified" in check.message


async def test_verify_looks_for_the_sender_on_every_page(
    binding: Binding, twilio: Any, account: dict[str, object]
) -> None:
    next_page = "https://messaging.twilio.com/v2/Channels/Senders?Channel=whatsapp&Page=1&PageToken=fake"
    twilio.answers(
        (200, account),
        senders(sender(binding, None, number="whatsapp:+1999"), next_page_url=next_page),
        senders(sender(binding, None, status="ONLINE:UPDATING")),
    )

    verification = await plugin.verify(binding, twilio.ctx)

    assert by_code(verification.checks)["sender"] is CheckState.OK
    assert str(twilio.requests[-1].url) == next_page


async def test_verify_misses_a_sender_of_another_account(
    binding: Binding, twilio: Any, account: dict[str, object]
) -> None:
    twilio.answers((200, account), senders())

    verification = await plugin.verify(binding, twilio.ctx)

    assert by_code(verification.checks)["sender"] is CheckState.FAILED


@pytest.mark.parametrize(
    "script", [*NO_ANSWERS, (401, UNAUTHORIZED), (404, {"code": 20404, "message": "no"}), (200, {"senders": [7]})]
)
async def test_verify_is_not_spoiled_by_a_twilio_without_senders(
    script: Any, binding: Binding, twilio: Any, account: dict[str, object]
) -> None:
    twilio.answers((200, account), getattr(script, "values", (script,))[0])

    verification = await plugin.verify(binding, twilio.ctx)

    assert by_code(verification.checks) == {
        "credentials": CheckState.OK,
        "sender": CheckState.UNKNOWN,
        "webhook": CheckState.UNKNOWN,
    }


async def test_verify_of_the_sandbox_explains_where_to_look(
    make_binding: Callable[..., Binding], twilio: Any, account: dict[str, object]
) -> None:
    twilio.answers((200, account | {"type": "Trial"}))

    verification = await plugin.verify(make_binding(from_number=SANDBOX), twilio.ctx)

    assert by_code(verification.checks) == {
        "credentials": CheckState.OK,
        "trial": CheckState.WARNING,
        "webhook": CheckState.UNKNOWN,
    }
    assert "Try WhatsApp → Sandbox settings" in verification.checks[-1].fix
    assert twilio.webhook_url in verification.checks[-1].fix
    assert len(twilio.requests) == 1


async def test_verify_mentions_a_messaging_service(
    make_binding: Callable[..., Binding], twilio: Any, account: dict[str, object]
) -> None:
    binding = make_binding(messaging_service_sid="MG" + "7" * 32)
    twilio.answers((200, account), senders(sender(binding, {"callback_url": twilio.webhook_url})))

    verification = await plugin.verify(binding, twilio.ctx)

    assert by_code(verification.checks)["messaging_service"] is CheckState.UNKNOWN


async def test_verify_without_a_public_address_cannot_compare(
    binding: Binding, twilio: Any, account: dict[str, object]
) -> None:
    twilio.answers((200, account), senders(sender(binding, {"callback_url": "https://other.example"})))
    twilio.webhook_url = None

    verification = await plugin.verify(binding, twilio.ctx)

    assert by_code(verification.checks)["webhook"] is CheckState.UNKNOWN
    assert "Public Chat URL" in verification.checks[-1].fix


async def test_verify_raises_for_refused_credentials(binding: Binding, twilio: Any) -> None:
    twilio.answers((401, UNAUTHORIZED))

    with pytest.raises(ConfigurationError):
        await plugin.verify(binding, twilio.ctx)
