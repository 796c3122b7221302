"""Pointing a registered sender here, and every way in which that fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from trinity_channels.api import Binding, CheckState, ConfigurationError, FixAction, ProviderUnavailable
from trinity_channels_whatsapp import plugin

FOLDER = Path(__file__).parent.parent / "payloads" / "answers"
SANDBOX = "whatsapp:+14155238886"
OVERRIDES = "rc=2&rt=5000&rp=ct,rt,5xx"
XE = "XE" + "5" * 32
ELSEWHERE = "https://other.example/hook/secret-key"


def recorded(name: str) -> tuple[int, Any]:
    answer = json.loads((FOLDER / f"{name}.json").read_text())
    return answer["status"], answer["body"]


def listed(*senders: dict[str, object], following: str | None = None) -> tuple[int, Any]:
    return 200, {"senders": list(senders), "meta": {"key": "senders", "next_page_url": following}}


@pytest.fixture
def sender(binding: Binding) -> Callable[..., dict[str, object]]:
    def make(url: str = "", status_url: str = "", **changes: object) -> dict[str, object]:
        webhook = {"callback_url": url, "status_callback_url": status_url}
        return {"sid": XE, "sender_id": binding.account.sender, "status": "ONLINE", "webhook": webhook} | changes

    return make


def posted(twilio: Any) -> dict[str, str]:
    """The webhook of the latest request."""
    request = twilio.requests[-1]
    assert (request.method, request.headers["Content-Type"]) == ("POST", "application/json")
    assert str(request.url) == f"https://messaging.twilio.com/v2/Channels/Senders/{XE}"
    body = json.loads(request.content)
    assert set(body) == {"webhook"}
    webhook: dict[str, str] = body["webhook"]
    return webhook


async def test_the_sender_is_pointed_here(binding: Binding, twilio: Any) -> None:
    twilio.answers(recorded("senders"), recorded("sender_taken"))

    await plugin.register_webhook(binding, twilio.ctx)

    assert twilio.requests[0].url.params["Channel"] == "whatsapp"
    assert posted(twilio) == {
        "callback_url": f"{twilio.webhook_url}#{OVERRIDES}",
        "callback_method": "POST",
        "status_callback_url": twilio.webhook_url,
        "status_callback_method": "POST",
    }
    assert twilio.credentials == f"{binding.account.key}:fake-auth-token"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("WEBHOOK#rc=5&rp=all", "rc=5&rp=all"),
        ("WEBHOOK", OVERRIDES),
        ("WEBHOOK#", OVERRIDES),
        ("WEBHOOK-old#rc=5", OVERRIDES),
        (f"{ELSEWHERE}#rc=5", OVERRIDES),
        ("", OVERRIDES),
    ],
)
async def test_overrides_that_an_owner_chose_for_our_address_stay(
    before: str, after: str, binding: Binding, twilio: Any, sender: Any
) -> None:
    twilio.answers(listed(sender(before.replace("WEBHOOK", twilio.webhook_url))), (202, {}))

    await plugin.register_webhook(binding, twilio.ctx)

    assert posted(twilio)["callback_url"] == f"{twilio.webhook_url}#{after}"


@pytest.mark.parametrize(("before", "set_too"), [("", True), ("WEBHOOK#rc=1", True), (ELSEWHERE, False)])
async def test_receipts_that_go_to_another_service_stay_there(
    before: str, set_too: bool, binding: Binding, twilio: Any, sender: Any
) -> None:
    twilio.answers(listed(sender("", before.replace("WEBHOOK", twilio.webhook_url))), (202, {}))

    await plugin.register_webhook(binding, twilio.ctx)

    assert ("status_callback_url" in posted(twilio)) is set_too


async def test_the_sender_is_looked_for_on_every_page(binding: Binding, twilio: Any, sender: Any) -> None:
    following = "https://messaging.twilio.com/v2/Channels/Senders?Channel=whatsapp&Page=1&PageToken=fake"
    other = sender(ELSEWHERE, sender_id="whatsapp:+1999", sid="XE" + "1" * 32)
    twilio.answers(listed(other, following=following), listed(sender()), (202, {}))

    await plugin.register_webhook(binding, twilio.ctx)

    assert str(twilio.requests[1].url) == following
    assert posted(twilio)["callback_url"].startswith(twilio.webhook_url)


async def test_the_sandbox_is_left_to_the_console(make_binding: Callable[..., Binding], twilio: Any) -> None:
    with pytest.raises(ConfigurationError, match="Try WhatsApp → Sandbox settings") as error:
        await plugin.register_webhook(make_binding(from_number=SANDBOX), twilio.ctx)

    assert twilio.webhook_url in error.value.message
    assert twilio.requests == []


async def test_without_a_public_address_there_is_nothing_to_set(binding: Binding, twilio: Any) -> None:
    with pytest.raises(ConfigurationError, match="no public address"):
        await plugin.register_webhook(binding, replace(twilio.ctx, webhook_url=None))

    assert twilio.requests == []


@pytest.mark.parametrize("sid", ["", None, 7, "XE1/../../Accounts", "XE1?x=1", "XE 1", "AC1", "XE"])
async def test_a_sender_without_a_usable_sid_is_not_changed(
    sid: object, binding: Binding, twilio: Any, sender: Any
) -> None:
    twilio.answers(listed(sender(sid=sid)))

    with pytest.raises(ConfigurationError, match="no WhatsApp sender with this number") as error:
        await plugin.register_webhook(binding, twilio.ctx)

    assert (error.value.field, error.value.refused) == ("from_number", True)
    assert [request.method for request in twilio.requests] == ["GET"]


async def test_a_number_of_another_account_is_not_found(binding: Binding, twilio: Any, sender: Any) -> None:
    twilio.answers(listed(sender(sender_id="whatsapp:+1999")))

    with pytest.raises(ConfigurationError, match="no WhatsApp sender with this number"):
        await plugin.register_webhook(binding, twilio.ctx)


def _fails(error: Exception) -> Callable[[httpx.Request], httpx.Response]:
    def script(_: httpx.Request) -> httpx.Response:
        raise error

    return script


UNUSABLE: list[Any] = [
    pytest.param(_fails(httpx.ConnectError("fake")), id="no connection"),
    pytest.param(_fails(httpx.ReadTimeout("fake")), id="no answer"),
    pytest.param((500, {"code": 20500, "message": "Internal"}), id="500"),
    pytest.param((503, "<html>Busy</html>"), id="HTML 503"),
    pytest.param((429, {"code": 20429, "message": "Too many"}), id="429"),
    pytest.param((409, {"code": 20409, "message": "An update is under way"}), id="409"),
    pytest.param((403, "<html>No</html>"), id="HTML 403"),
    pytest.param((404, ""), id="empty 404"),
    pytest.param((302, ""), id="a redirect"),
    pytest.param((202, "<html>Sign in to the hotel</html>"), id="HTML 202"),
    pytest.param((202, []), id="a list"),
]


@pytest.mark.parametrize("answer", UNUSABLE)
async def test_no_usable_answer_to_the_change_is_no_verdict(answer: Any, binding: Binding, twilio: Any) -> None:
    twilio.answers(recorded("senders"), answer)

    with pytest.raises(ProviderUnavailable, match="Try again in a moment"):
        await plugin.register_webhook(binding, twilio.ctx)

    assert len(twilio.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        *UNUSABLE,
        pytest.param((403, {"code": 20403, "message": "Forbidden"}), id="a restricted account"),
        pytest.param((404, {"code": 20404, "message": "not found"}), id="a region without senders"),
        pytest.param((200, {"senders": [7]}), id="another shape"),
        pytest.param((200, {"data": []}), id="another name"),
    ],
)
async def test_a_failed_look_up_changes_nothing_and_tells_the_way_by_hand(
    answer: Any, binding: Binding, twilio: Any
) -> None:
    twilio.answers(answer)

    with pytest.raises(ProviderUnavailable, match="It can be set by hand: Twilio Console → Messaging → Senders"):
        await plugin.register_webhook(binding, twilio.ctx)

    assert {request.method for request in twilio.requests} == {"GET"}


@pytest.mark.parametrize("status", [400, 403, 404, 422])
async def test_a_refused_address_is_told_in_twilios_words_without_our_key(
    status: int, binding: Binding, twilio: Any
) -> None:
    twilio.answers(recorded("senders"), (status, recorded("webhook_refused")[1]))

    with pytest.raises(ConfigurationError, match="the webhook URL must be a public HTTPS address") as error:
        await plugin.register_webhook(binding, twilio.ctx)

    assert error.value.refused
    assert "code 20001" in error.value.message
    assert "fake-key" not in error.value.message


@pytest.mark.parametrize("before", [(), (recorded("senders"),)])
async def test_refused_credentials_are_told_as_such(before: tuple[Any, ...], binding: Binding, twilio: Any) -> None:
    twilio.answers(*before, recorded("unauthorized"))

    with pytest.raises(ConfigurationError, match="refused the credentials") as error:
        await plugin.register_webhook(binding, twilio.ctx)

    assert error.value.field == "auth_token"


@pytest.mark.parametrize(
    ("url", "host"),
    [
        (ELSEWHERE, "other.example"),
        ("WEBHOOK-old", "bot.example"),
        ("WEBHOOK#rc=5", ""),
        ("WEBHOOK", ""),
        ("", ""),
        ("other.example/hook/secret-key", "another address"),
        ("https://[other/hook/secret-key", "another address"),
    ],
)
async def test_verify_names_the_host_of_another_webhook_and_no_more(
    url: str, host: str, binding: Binding, twilio: Any, sender: Any
) -> None:
    shown = sender(url.replace("WEBHOOK", twilio.webhook_url))
    twilio.answers((200, {"sid": binding.account.key}), listed(shown))

    found = await plugin.verify(binding, twilio.ctx)

    assert found.elsewhere == host
    assert "secret-key" not in repr(found)
    assert (FixAction.SET_WEBHOOK in found.checks[-1].actions) is (found.checks[-1].state is CheckState.FAILED)


async def test_a_change_that_is_being_applied_is_no_failure(binding: Binding, twilio: Any, sender: Any) -> None:
    twilio.answers((200, {"sid": binding.account.key}), listed(sender(ELSEWHERE, status="ONLINE:UPDATING")))

    check = (await plugin.verify(binding, twilio.ctx)).checks[-1]

    assert (check.code, check.state) == ("webhook", CheckState.UNKNOWN)
    assert check.actions[0] is FixAction.VERIFY
