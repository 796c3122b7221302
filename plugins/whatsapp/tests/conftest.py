"""A binding with visibly fake credentials, webhooks signed by the official validator, a scripted Twilio."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from twilio.request_validator import RequestValidator

from trinity_channels.api import Account, Binding, Request
from trinity_channels_contract_tests.testing import ScriptedProvider
from trinity_channels_whatsapp.settings import WhatsAppSettings

ACCOUNT_SID = "AC" + "fa4e" * 8
TOKEN = "fake-auth-token"
SECONDARY_TOKEN = "fake-secondary-token"
SENDER = "whatsapp:+14155001234"
ZOE = "whatsapp:+15557770002"
WEBHOOK = "https://bot.example/api/whatsapp/webhook/fake-key"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def make_binding() -> Callable[..., Binding]:
    def make(**changes: object) -> Binding:
        fields = {"account_sid": ACCOUNT_SID, "auth_token": TOKEN, "from_number": SENDER} | changes
        settings = WhatsAppSettings.model_validate(fields)
        return Binding(settings, Account(key=settings.account_sid, sender=settings.from_number))

    return make


@pytest.fixture
def binding(make_binding: Callable[..., Binding]) -> Binding:
    return make_binding()


@pytest.fixture
def message_fields() -> dict[str, str]:
    """The least that every message carries."""
    sid = "SM" + "1" * 32
    return {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "SmsStatus": "received",
        "AccountSid": ACCOUNT_SID,
        "From": ZOE,
        "To": SENDER,
        "Body": "hello",
        "NumMedia": "0",
        "ProfileName": "Zoë 👍",
        "ApiVersion": "2010-04-01",
    }


@pytest.fixture
def signed() -> Callable[..., Request]:
    """Make a request as Twilio would; `as_signed` signs something else than what is sent."""

    def make(
        fields: Mapping[str, str] | Sequence[tuple[str, str]],
        *,
        url: str = WEBHOOK,
        token: str = TOKEN,
        method: str = "POST",
        headers: Mapping[str, str] | None = None,
        as_signed: Mapping[str, Any] | None = None,
        signed_url: str | None = None,
    ) -> Request:
        form = urlencode(list(fields.items()) if isinstance(fields, Mapping) else fields)
        if method == "GET":
            url, body, parameters = f"{url}?{form}", b"", {}
        else:
            body, parameters = form.encode(), dict(parse_qsl(form, keep_blank_values=True))
        signature = RequestValidator(token).compute_signature(
            signed_url or url, parameters if as_signed is None else as_signed
        )
        form_headers = {} if method == "GET" else {"Content-Type": "application/x-www-form-urlencoded"}
        return Request(method, url, form_headers | {"X-Twilio-Signature": signature} | dict(headers or {}), body)

    return make


class ScriptedTwilio(ScriptedProvider):
    """Twilio as a script."""

    @property
    def form(self) -> dict[str, str]:
        """What the latest request posted."""
        return dict(parse_qsl(self.requests[-1].content.decode(), keep_blank_values=True))

    @property
    def credentials(self) -> str:
        return base64.b64decode(self.requests[-1].headers["Authorization"].removeprefix("Basic ")).decode()


@pytest.fixture
def twilio() -> ScriptedTwilio:
    return ScriptedTwilio(NOW, WEBHOOK)


@pytest.fixture
def resource() -> Callable[..., dict[str, object]]:
    """A Message resource as Twilio shows it."""

    def make(**changes: object) -> dict[str, object]:
        return {
            "sid": "SM" + "2" * 32,
            "account_sid": ACCOUNT_SID,
            "api_version": "2010-04-01",
            "body": "hello",
            "date_created": "Sun, 22 Nov 2026 12:00:01 +0000",
            "date_updated": "Sun, 22 Nov 2026 12:00:01 +0000",
            "date_sent": "Sun, 22 Nov 2026 12:00:02 +0000",
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": SENDER,
            "to": ZOE,
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "messaging_service_sid": None,
            "status": "queued",
            "subresource_uris": {"media": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/SM{'2' * 32}/Media.json"},
            "uri": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/SM{'2' * 32}.json",
        } | {name.rstrip("_"): value for name, value in changes.items()}

    return make


@pytest.fixture
def listing() -> Callable[..., dict[str, object]]:
    """One page of Message resources."""

    def make(*messages: dict[str, object], next_page_uri: str | None = None) -> dict[str, object]:
        return {"messages": list(messages), "page": 0, "page_size": 50, "next_page_uri": next_page_uri}

    return make
