"""Traps of Twilio's library that we rely on being out of."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httpx
import pytest
from twilio.base.exceptions import TwilioException

from trinity_channels.api import (
    Binding,
    ConfigurationError,
    OutboundMessage,
    ProviderUnavailable,
    SendRejected,
    SendUnknown,
    http,
)
from trinity_channels_whatsapp import plugin, presence
from trinity_channels_whatsapp.client import Api
from trinity_channels_whatsapp.settings import settings_of
from trinity_channels_whatsapp.transport import Transport

MESSAGE = OutboundMessage(id="d-42", to="whatsapp:+15557770002", text="hello")


@pytest.mark.parametrize("name", ["TWILIO_REGION", "TWILIO_EDGE", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"])
async def test_the_environment_changes_nothing(
    name: str, binding: Binding, twilio: Any, resource: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "ie1")
    twilio.answers((201, resource()))

    await plugin.send(binding, MESSAGE, twilio.ctx)

    assert twilio.requests[0].url.host == "api.twilio.com"
    assert twilio.credentials == f"{binding.account.key}:fake-auth-token"


@pytest.mark.parametrize("base", ["http://127.0.0.1:4010", "http://127.0.0.1:4010/"])
async def test_every_host_moves_to_the_stand_in(base: str, binding: Binding, twilio: Any, resource: Any) -> None:
    twilio.api_base_url = base
    twilio.answers((201, resource()), (200, {"success": True}))

    await plugin.send(binding, MESSAGE, twilio.ctx)
    await plugin.indicate(binding, "SM" + "1" * 32, twilio.ctx)

    assert [str(request.url) for request in twilio.requests] == [
        f"http://127.0.0.1:4010/2010-04-01/Accounts/{binding.account.key}/Messages.json",
        "http://127.0.0.1:4010/v2/Indicators/Typing.json",
    ]


@pytest.mark.parametrize(
    "uri", ["https://evil.example/x", "http://api.twilio.com/x", "https://api.twilio.com.evil.example/x", "/x", ""]
)
async def test_credentials_go_nowhere_else(uri: str, twilio: Any) -> None:
    twilio.answers((200, {}))

    with pytest.raises(TwilioException):
        await Transport(twilio.ctx, deadline=1).request("GET", uri, auth=("fake-user", "fake-password"))
    assert not twilio.requests


async def test_a_page_elsewhere_is_not_followed(binding: Binding, twilio: Any, resource: Any, listing: Any) -> None:
    twilio.api_base_url = "http://127.0.0.1:4010"
    twilio.answers((200, listing(resource(), next_page_uri="/2010-04-01/Next.json?Page=1")), (200, listing()))
    api = Api(settings_of(binding), twilio.ctx)

    assert len([row async for row in api.walk(f"{api.account}/Messages.json", "messages", {}, pages=2)]) == 1
    assert str(twilio.requests[-1].url) == "http://127.0.0.1:4010/2010-04-01/Next.json?Page=1"


async def test_a_list_without_end_is_not_walked_indefinitely(
    binding: Binding, twilio: Any, resource: Any, listing: Any
) -> None:
    twilio.answers((200, listing(resource(), next_page_uri="/2010-04-01/Next.json")))
    api = Api(settings_of(binding), twilio.ctx)

    with pytest.raises(ProviderUnavailable):
        [row async for row in api.walk(f"{api.account}/Messages.json", "messages", {}, pages=3)]
    assert len(twilio.requests) == 3


REFUSED = (401, {"code": 20003, "message": "Authenticate", "status": 401})


async def test_the_second_token_carries_on_when_the_first_has_ended(
    make_binding: Any, twilio: Any, resource: Any
) -> None:
    rotating = make_binding(auth_token_secondary="fake-secondary-token")
    twilio.answers(REFUSED, (201, resource()))

    await plugin.send(rotating, MESSAGE, twilio.ctx)

    assert len(twilio.requests) == 2
    assert twilio.credentials == f"{rotating.account.key}:fake-secondary-token"


async def test_two_refused_tokens_are_a_refusal(make_binding: Any, twilio: Any) -> None:
    twilio.answers(REFUSED)

    with pytest.raises(SendRejected) as refused:
        await plugin.send(make_binding(auth_token_secondary="fake-secondary-token"), MESSAGE, twilio.ctx)

    assert refused.value.failure.code == "20003"
    assert len(twilio.requests) == 2


async def test_an_owner_learns_that_the_first_token_has_ended(make_binding: Any, twilio: Any) -> None:
    twilio.answers(REFUSED)

    with pytest.raises(ConfigurationError):
        await plugin.verify(make_binding(auth_token_secondary="fake-secondary-token"), twilio.ctx)
    assert len(twilio.requests) == 1


async def test_the_deadline_is_real(twilio: Any) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    twilio.answers(never)

    with pytest.raises(http.NoAnswer):
        await Transport(twilio.ctx, deadline=0.01).request("GET", "https://api.twilio.com/x")


async def test_a_deadline_leaves_a_send_unknown(binding: Binding, twilio: Any) -> None:
    def late(_: httpx.Request) -> httpx.Response:
        raise TimeoutError

    twilio.answers(late)

    with pytest.raises(SendUnknown):
        await plugin.send(binding, MESSAGE, twilio.ctx)


async def test_time_outs_are_passed_on(binding: Binding, twilio: Any, resource: Any) -> None:
    twilio.answers((201, resource()))

    await plugin.send(binding, MESSAGE, twilio.ctx)

    assert twilio.requests[0].extensions["timeout"] == {"connect": 5.0, "read": 15.0, "write": 15.0, "pool": 5.0}


async def test_cancelling_is_not_an_outcome(binding: Binding, twilio: Any) -> None:
    started = asyncio.Event()

    async def wait(_: httpx.Request) -> httpx.Response:
        started.set()
        await asyncio.Event().wait()
        raise AssertionError

    twilio.answers(wait)
    sending = asyncio.create_task(plugin.send(binding, MESSAGE, twilio.ctx))
    await started.wait()
    sending.cancel()

    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_the_library_logs_nothing(
    binding: Binding, twilio: Any, resource: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the host does: it would log addresses with numbers in them
    twilio.answers((201, resource()))

    await plugin.send(binding, MESSAGE, twilio.ctx)

    assert not [record for record in caplog.records if record.name.startswith(("twilio", "trinity"))]
    assert "5557770002" not in caplog.text


async def test_typing_is_shown_for_a_message(binding: Binding, twilio: Any) -> None:
    twilio.answers((200, {"success": True}))

    await plugin.indicate(binding, "SM" + "1" * 32, twilio.ctx)

    assert str(twilio.requests[0].url) == "https://messaging.twilio.com/v2/Indicators/Typing.json"
    assert twilio.form == {"channel": "whatsapp", "messageId": "SM" + "1" * 32}


async def test_typing_gives_up_within_five_seconds(
    binding: Binding, twilio: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    assert presence.DEADLINE <= 5
    monkeypatch.setattr(presence, "DEADLINE", 0.01)
    twilio.answers(never)

    with pytest.raises(ProviderUnavailable):
        async with asyncio.timeout(2):
            await plugin.indicate(binding, "SM" + "1" * 32, twilio.ctx)
