"""Signed webhooks as Twilio posts them, rendered to the bytes of a request. Every number and name is invented."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # twilio ships no types


class Messages:
    """Makes messages to one sender; each has a MessageSid of its own."""

    def __init__(self, settings: Mapping[str, str], url: str) -> None:
        self._settings = settings
        self._url = url
        self._validator = RequestValidator(settings["auth_token"])
        self._made = 0

    def to(self, url: str) -> Messages:
        """The same, posted to another address."""
        other = Messages(self._settings, url)
        other._made = self._made + 1_000_000_000
        return other

    def request(self, number: str, text: str = "What is the status of my order?") -> bytes:
        """One message of a person, as a whole HTTP request."""
        self._made += 1
        fields = self._fields(f"SM{self._made:032x}", number, text)
        body = urlencode(fields).encode()
        parts = urlsplit(self._url)
        head = (
            f"POST {parts.path} HTTP/1.1\r\n"
            f"Host: {parts.netloc}\r\n"
            "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
            f"Content-Length: {len(body)}\r\n"
            f"X-Twilio-Signature: {self._validator.compute_signature(self._url, fields)}\r\n"
            f"I-Twilio-Idempotency-Token: {self._made:08x}-0000-4000-8000-000000000000\r\n"
            "User-Agent: TwilioProxy/1.1\r\n"
            "Accept: */*\r\n\r\n"
        )
        return head.encode() + body

    def _fields(self, sid: str, number: str, text: str) -> dict[str, str]:
        context = {"ProfileName": "Zoe", "WaId": number.removeprefix("+"), "Forwarded": "false"}
        return {
            "AccountSid": self._settings["account_sid"],
            "ApiVersion": "2010-04-01",
            "Body": text,
            "ChannelMetadata": json.dumps({"type": "whatsapp", "data": {"context": context}}),
            "ExternalUserId": f"whatsapp:US.{number.removeprefix('+')}",
            "Forwarded": "false",
            "FrequentlyForwarded": "false",
            "From": f"whatsapp:{number}",
            "MessageSid": sid,
            "MessageType": "text",
            "NumMedia": "0",
            "NumSegments": "1",
            "ProfileName": "Zoe",
            "ReferralNumMedia": "0",
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "To": self._settings["from_number"],
            "WaId": number.removeprefix("+"),
        }


def number(person: int) -> str:
    """The number of one of ten million invented people."""
    return f"+1999{person:07d}"
