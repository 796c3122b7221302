"""How the echo channel reads its webhooks: signed, in batches, and each event by itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel

from trinity_channels.api import (
    Attachment,
    Binding,
    DeliveryState,
    Event,
    Following,
    FollowState,
    Ignored,
    Inbound,
    Malformed,
    MalformedPayload,
    MessageChanged,
    MessageReceived,
    ReceiptReceived,
    ReplyToken,
    Request,
    Sender,
    SignatureError,
    hookimpl,
)
from trinity_channels_contract_tests.echo.manifest import EchoSettings

STATES = {
    "accepted": DeliveryState.QUEUED,
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
}
WINDOW = timedelta(minutes=5)
GRACE = timedelta(minutes=1)
ODD = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading a field of a strange payload can raise."""


class EchoWebhooks:
    """The hook `receive`, and its steps as methods, so that the kit's tests can replace one and see it noticed."""

    @hookimpl
    def receive(self, binding: Binding, request: Request) -> Inbound:
        self.authenticate(settings_of(binding.settings), request)
        try:
            batch = list(json.loads(request.body)["events"])
        except ODD:
            raise MalformedPayload("Echo's webhook lacks a field that Echo always sends.") from None
        return Inbound(self.events(batch))

    def events(self, batch: list[Any]) -> tuple[Event, ...]:
        return tuple(self.one(payload) for payload in batch)

    def one(self, payload: Any) -> Event:
        # Each by itself: a malformed event must not take its neighbours along.
        try:
            return self.event(payload)
        except ODD:
            return Malformed("an event lacks a field that Echo always sends")

    def authenticate(self, settings: EchoSettings, request: Request) -> None:
        stamp = request.headers.get("x-echo-timestamp", "")
        presented = request.headers.get("x-echo-signature", "").encode("latin-1", "replace")
        # The raw body and the configured address, never what was parsed or what the request claims.
        signed = self.signed(request.url, stamp, request.body)
        wanted = [hmac.new(secret, signed, hashlib.sha256).hexdigest().encode() for secret in self.secrets(settings)]
        if not any(self.same(one, presented) for one in wanted):
            raise SignatureError("The signature does not match the signing secret and the webhook's address.")
        # After the signature, so that a stranger learns nothing about times.
        self.in_time(stamp, request)

    def same(self, wanted: bytes, presented: bytes) -> bool:
        return hmac.compare_digest(wanted, presented)

    def secrets(self, settings: EchoSettings) -> list[bytes]:
        # A secret that is not set or empty is not a key: anyone could sign with it.
        held = (settings.signing_secret, settings.signing_secret_secondary)
        return [secret.get_secret_value().encode() for secret in held if secret]

    def signed(self, url: str, stamp: str, body: bytes) -> bytes:
        return f"{url}\n{stamp}\n".encode() + body

    def in_time(self, stamp: str, request: Request) -> None:
        age = abs(request.received_at.timestamp() - float(stamp)) if request.received_at else 0
        if age > WINDOW.total_seconds():
            raise SignatureError("The request is too old.")

    def event(self, payload: dict[str, Any]) -> Event:
        match payload["kind"]:
            case "message":
                return self.addressed(payload)
            case "receipt":
                state = STATES.get(payload["state"])
                return self.receipt_event(payload, state) if state else Ignored("unknown_state")
            case "changed":
                return self.change(payload)
            case "followed":
                return self.following(payload)
            case _:
                return Ignored("unknown_kind")

    def addressed(self, row: dict[str, Any]) -> Event:
        # What members of a group say among each other is not for the agent.
        return self.message(row) if row["group"] is None or row["named"] is True else Ignored("not_addressed")

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return MessageReceived(
            event_id=self.named(row),
            provider_id=self.named(row),
            sender=self.sender(row["from"]),
            text=words(row["text"] or ""),
            conversation=None if row["group"] is None else words(row["group"]),
            group=row["group"] is not None,
            attachments=tuple(Attachment(words(file["url"]), words(file["type"])) for file in row["files"]),
            sent_at=datetime.fromisoformat(row["at"]),
            reply_token=self.reply_token(row),
        )

    def named(self, row: dict[str, Any]) -> str:
        return name_of(row)

    def reply_token(self, row: dict[str, Any]) -> ReplyToken | None:
        at = datetime.fromisoformat(row["at"])
        return ReplyToken(words(row["reply"]), at + GRACE) if row.get("reply") else None

    def change(self, row: dict[str, Any]) -> MessageChanged:
        text = row["text"]
        return MessageChanged(self.named(row), self.sender(row["from"]), None if text is None else words(text))

    def following(self, row: dict[str, Any]) -> Following:
        return Following(self.sender(row["from"]), FollowState(row["state"]), datetime.fromisoformat(row["at"]))

    def sender(self, person: dict[str, Any]) -> Sender:
        return Sender(name_of(person, "address"), name_of(person), words(person["name"]))

    def receipt_event(self, payload: dict[str, Any], state: DeliveryState) -> ReceiptReceived:
        return ReceiptReceived(name_of(payload), state, delivery=words(payload["reference"]))


def name_of(row: dict[str, Any], field: str = "id") -> str:
    """What names a message or a person.

    Raises:
        LookupError: nothing does.
    """
    if not (name := words(row[field])):
        raise LookupError(f"{field} is empty")
    return name


def words(value: object) -> str:
    """A string of Echo's, as it can be stored.

    Raises:
        TypeError: it is something else.
    """
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of text")
    # JSON can hold halves of surrogate pairs.
    return value.encode("utf-8", "replace").decode()


def settings_of(settings: BaseModel) -> EchoSettings:
    """Settings with their type."""
    if not isinstance(settings, EchoSettings):
        raise TypeError(f"These are {type(settings).__name__}, not EchoSettings.")
    return settings
