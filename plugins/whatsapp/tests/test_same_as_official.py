"""Our calls beside those of Twilio's own resource classes, which are not used but here."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from twilio.rest.messaging.v2.channels_sender import ChannelsSenderContext, ChannelsSenderList

from trinity_channels.api import Binding, OutboundMessage, SendRejected
from trinity_channels_whatsapp import plugin
from trinity_channels_whatsapp.transport import Transport

ZOE = "whatsapp:+15557770002"
SENDER = "whatsapp:+14155001234"
SERVICE = "MG" + "7" * 32
SID = "SM" + "1" * 32
MESSAGE = OutboundMessage(id="d-42", to=ZOE, text="*hello*\n  & 6 * 7 🙂 %2B+")
WEBHOOK = "https://bot.example/api/whatsapp/webhook/fake-key"
CALLBACK = f"{WEBHOOK}?delivery=d-42"
XE = "XE" + "5" * 32
REGISTERED = {"sid": XE, "sender_id": SENDER}
SINCE = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def official(binding: Binding, twilio: Any) -> Client:
    return Client(binding.account.key, "fake-auth-token", http_client=Transport(twilio.ctx, deadline=5))


def is_json(request: httpx.Request) -> bool:
    return request.headers.get("Content-Type") == "application/json" and bool(request.content)


def wire(request: httpx.Request) -> dict[str, object]:
    """What Twilio can tell apart of a request."""
    names = ("authorization", "user-agent", "x-twilio-client", "accept", "accept-charset")
    return {
        "method": request.method,
        "address": str(request.url.copy_with(query=None)),
        "query": sorted(request.url.params.multi_items()),
        "json": json.loads(request.content) if is_json(request) else None,
        "form": [] if is_json(request) else sorted(parse_qsl(request.content.decode(), keep_blank_values=True)),
        # of a request without a body it says nothing, though the resource classes set it there too
        "content type": request.headers["Content-Type"] if request.content else None,
        "headers": {name: request.headers[name] for name in names},
    }


def _points_here(client: Client) -> Awaitable[object]:
    senders = client.messaging.v2.channels_senders
    webhook = {
        "callback_url": f"{WEBHOOK}#rc=2&rt=5000&rp=ct,rt,5xx",
        "callback_method": "POST",
        "status_callback_url": WEBHOOK,
        "status_callback_method": "POST",
    }
    change = {"webhook": ChannelsSenderList.MessagingV2ChannelsSenderWebhook(webhook)}
    update: Awaitable[object] = senders(XE).update_async(
        ChannelsSenderContext.MessagingV2ChannelsSenderRequestsUpdate(change)
    )
    return update


Ours = Callable[[Binding, Any], Awaitable[object]]
Theirs = Callable[[Client], Awaitable[object]]

CALLS: list[Any] = [
    pytest.param(
        None,
        lambda binding, ctx: plugin.send(binding, MESSAGE, ctx),
        lambda client: client.messages.create_async(to=ZOE, from_=SENDER, body=MESSAGE.text, status_callback=CALLBACK),
        id="create",
    ),
    pytest.param(
        SERVICE,
        lambda binding, ctx: plugin.send(binding, MESSAGE, ctx),
        lambda client: client.messages.create_async(
            to=ZOE, messaging_service_sid=SERVICE, body=MESSAGE.text, status_callback=CALLBACK
        ),
        id="create through a service",
    ),
    pytest.param(
        None,
        lambda binding, ctx: plugin.find_sent(binding, MESSAGE, SINCE, (), ctx),
        lambda client: client.messages.page_async(to=ZOE, from_=SENDER, page_size=100),
        id="list",
    ),
    pytest.param(
        None,
        lambda binding, ctx: plugin.list_missed(binding, SINCE, ctx),
        lambda client: client.messages.page_async(to=SENDER, date_sent_after="2026-11-22", page_size=250),
        id="list since a day",
    ),
    pytest.param(
        None,
        lambda binding, ctx: plugin.indicate(binding, SID, ctx),
        lambda client: client.messaging.v2.typing_indicator.create_async(channel="whatsapp", message_id=SID),
        id="typing",
    ),
    pytest.param(
        None,
        lambda binding, ctx: plugin.configure(binding.settings, ctx),
        lambda client: client.api.v2010.accounts(client.account_sid).fetch_async(),
        id="account",
    ),
    pytest.param(
        None,
        plugin.register_webhook,
        _points_here,
        id="webhook of a sender",
    ),
]


@pytest.mark.parametrize(("service", "ours", "theirs"), CALLS)
async def test_twilio_cannot_tell_us_from_its_own_classes(
    service: str | None,
    ours: Ours,
    theirs: Theirs,
    make_binding: Callable[..., Binding],
    twilio: Any,
    official: Client,
    listing: Callable[..., dict[str, object]],
) -> None:
    twilio.answers((200, listing() | {"sid": SID, "meta": {"key": "messages"}, "senders": [REGISTERED]}))

    await ours(make_binding(messaging_service_sid=service), twilio.ctx)
    ours_sent = wire(twilio.requests[-1])
    await theirs(official)

    assert ours_sent == wire(twilio.requests[-1])


async def test_senders_are_listed_as_by_its_own_class(binding: Binding, twilio: Any, official: Client) -> None:
    twilio.answers((200, {"sid": SID}), (200, {"senders": [], "meta": {"key": "senders"}}))

    await plugin.verify(binding, twilio.ctx)
    ours = wire(twilio.requests[-1])
    await official.messaging.v2.channels_senders.page_async(channel="whatsapp", page_size=20)

    assert ours == wire(twilio.requests[-1])


async def test_what_is_read_is_what_its_own_class_reads(
    binding: Binding, twilio: Any, official: Client, resource: Callable[..., Any], listing: Callable[..., Any]
) -> None:
    inbound = resource(direction="inbound", from_=ZOE, to=SENDER, date_sent="Sun, 22 Nov 2026 12:00:07 +0000")
    twilio.answers((200, listing(inbound)))

    [ours] = await plugin.list_missed(binding, SINCE, twilio.ctx)
    [theirs] = await official.messages.page_async()

    assert (ours.provider_id, ours.sender.address, ours.text) == (theirs.sid, theirs.from_, theirs.body)
    assert ours.sent_at == theirs.date_sent == SINCE + timedelta(seconds=7)


ERRORS = [
    {"code": 21211, "message": "Invalid 'To' Phone Number", "more_info": "", "status": 400},
    {"code": "21211", "message": "Invalid", "status": 400},
    {"type": "t", "title": "Bad", "status": 400, "code": 21610, "detail": "no"},
    "<html>Bad Request</html>",
    "",
    [],
]


@pytest.mark.parametrize("body", ERRORS)
async def test_an_error_has_the_code_that_its_own_class_reads(
    body: object, binding: Binding, twilio: Any, official: Client
) -> None:
    twilio.answers((400, body))

    with pytest.raises(SendRejected) as ours:
        await plugin.send(binding, MESSAGE, twilio.ctx)
    with pytest.raises(TwilioException) as theirs:
        await official.messages.create_async(to=ZOE, from_=SENDER, body=MESSAGE.text)

    assert ours.value.failure.code == str(theirs.value.code)
