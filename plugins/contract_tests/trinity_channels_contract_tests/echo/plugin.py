"""The hooks of the echo channel, as methods, so that the kit's tests can replace one step and see it noticed."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, cast

import httpx
from pydantic import BaseModel

from trinity_channels.api import (
    Account,
    Attachment,
    Binding,
    Channel,
    Check,
    CheckState,
    ConfigurationError,
    Context,
    DeliveryState,
    Event,
    Failure,
    FailureKind,
    Identity,
    Ignored,
    Inbound,
    MalformedPayload,
    MessageReceived,
    OutboundMessage,
    ProviderUnavailable,
    Quoted,
    Receipt,
    ReceiptReceived,
    Request,
    SendDeferred,
    Sender,
    SendError,
    SendRejected,
    SendUnknown,
    SignatureError,
    Simulator,
    Verification,
    hookimpl,
)
from trinity_channels_contract_tests.echo.manifest import MANIFEST, EchoSettings
from trinity_channels_contract_tests.echo.provider import EchoSimulator

STATES = {
    "accepted": DeliveryState.QUEUED,
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
}
PACE = timedelta(seconds=1)
WINDOW = timedelta(minutes=5)
CLOCK_SKEW = timedelta(minutes=1)


class Echo:
    """The echo channel. The hooks come first, then the steps that they share."""

    manifest = MANIFEST

    @hookimpl
    def channel(self) -> Channel:
        return self.manifest

    @hookimpl
    async def configure(self, settings: BaseModel, ctx: Context) -> Account:
        return await self.open_account(settings, ctx)

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        account = await self.open_account(binding.settings, ctx)
        url = (await self.ask(binding.settings, ctx, "GET", "/webhook"))["url"]
        state = CheckState.OK if url == ctx.webhook_url else CheckState.FAILED
        check = Check("webhook", state, "Where Echo posts.", "Save the settings again.")
        elsewhere = httpx.URL(url).host if url and url != ctx.webhook_url else ""
        return Verification(account, (check,), elsewhere)

    @hookimpl
    def receive(self, binding: Binding, request: Request) -> Inbound:
        self.authenticate(settings_of(binding.settings), request)
        try:
            payload = json.loads(request.body)
            return Inbound((self.event(payload),))
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            raise MalformedPayload("Echo's webhook lacks a field that Echo always sends.") from None

    @hookimpl
    async def send(self, binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
        try:
            return self.receipt(await self.post(binding, message, ctx))
        # Only a connection that was never made proves that nothing was sent.
        except httpx.ConnectError:
            raise SendDeferred("Echo cannot be reached.") from None
        except (httpx.HTTPError, ValueError, LookupError):
            raise SendUnknown("Echo gave no usable answer.") from None

    @hookimpl
    async def resolve_identity(self, binding: Binding, sender: Sender, ctx: Context) -> Identity:
        person = await self.ask(binding.settings, ctx, "GET", f"/people/{sender.address}")
        return Identity(addresses=(sender.address,), name=person["name"])

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context) -> None:
        await self.ask(binding.settings, ctx, "POST", "/typing", {"message": message_id})

    @hookimpl
    async def find_sent(
        self, binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
    ) -> Receipt | None:
        rows = (await self.ask(binding.settings, ctx, "GET", "/messages"))["messages"]
        return next((self.receipt(row) for row in rows if self.is_this(row, message, attempted_at, known)), None)

    @hookimpl
    async def list_missed(self, binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
        rows = (await self.ask(binding.settings, ctx, "GET", "/inbox"))["messages"]
        return [self.message(row) for row in rows if datetime.fromisoformat(row["at"]) >= since - CLOCK_SKEW]

    @hookimpl
    async def register_webhook(self, binding: Binding, ctx: Context) -> None:
        await self.ask(binding.settings, ctx, "POST", "/webhook", {"url": ctx.webhook_url})

    @hookimpl
    async def unregister_webhook(self, binding: Binding, ctx: Context) -> None:
        if (await self.ask(binding.settings, ctx, "GET", "/webhook"))["url"] == ctx.webhook_url:
            await self.ask(binding.settings, ctx, "POST", "/webhook", {"url": ""})

    @hookimpl
    async def resolve_quoted(self, binding: Binding, message_id: str, ctx: Context) -> Quoted:
        rows = (await self.ask(binding.settings, ctx, "GET", "/history"))["messages"]
        return next((self.quoted(row) for row in rows if row["id"] == message_id), Quoted(provider_id=message_id))

    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        return EchoSimulator(ctx, self.signed)

    # --- webhooks ---

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
        held = (settings.signing_secret, settings.signing_secret_secondary)
        return [secret.get_secret_value().encode() for secret in held if secret is not None]

    def signed(self, url: str, stamp: str, body: bytes) -> bytes:
        return f"{url}\n{stamp}\n".encode() + body

    def in_time(self, stamp: str, request: Request) -> None:
        age = abs(request.received_at.timestamp() - float(stamp)) if request.received_at else 0
        if age > WINDOW.total_seconds():
            raise SignatureError("The request is too old.")

    def event(self, payload: dict[str, Any]) -> Event:
        match payload["kind"]:
            case "message":
                return self.message(payload)
            case "receipt":
                state = STATES.get(payload["state"])
                return self.receipt_event(payload, state) if state else Ignored("unknown_state")
            case _:
                return Ignored("unknown_kind")

    def message(self, row: dict[str, Any]) -> MessageReceived:
        return MessageReceived(
            event_id=str(row["id"]),
            provider_id=str(row["id"]),
            sender=self.sender(row["from"]),
            text=str(row["text"] or ""),
            attachments=tuple(Attachment(str(file["url"]), str(file["type"])) for file in row["files"]),
            sent_at=datetime.fromisoformat(row["at"]),
        )

    def quoted(self, row: dict[str, Any]) -> Quoted:
        author = row.get("from", {}).get("name", "")
        return Quoted(row["text"], row["id"], author, by_agent="to" in row)

    def sender(self, person: dict[str, Any]) -> Sender:
        return Sender(address=str(person["address"]), stable=str(person["id"]), name=str(person["name"]))

    def receipt_event(self, payload: dict[str, Any], state: DeliveryState) -> ReceiptReceived:
        return ReceiptReceived(str(payload["id"]), state, delivery=payload["reference"])

    # --- the provider's API ---

    async def open_account(self, settings: BaseModel, ctx: Context) -> Account:
        record = await self.ask(settings, ctx, "GET", "/account")
        return Account(key=record["id"], sender=record["address"], display_name=record["name"], pace=PACE)

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        body = self.body(message)
        answer = await self.request(binding.settings, ctx, "POST", "/messages", body)
        if answer.is_success:
            return cast("dict[str, Any]", answer.json())
        raise self.refusal(answer, message)

    def body(self, message: OutboundMessage) -> dict[str, Any]:
        return {"to": message.to, "text": message.text, "reference": message.id, "once": True}

    def refusal(self, answer: httpx.Response, message: OutboundMessage) -> SendError:  # noqa: ARG002  liars need it
        match answer.status_code:
            case HTTPStatus.TOO_MANY_REQUESTS:
                return SendDeferred("Echo asks for a pause.", retry_after=float(answer.headers["retry-after"]))
            case HTTPStatus.UNAUTHORIZED:
                return SendRejected(Failure("401", FailureKind.OPERATOR, "Echo refuses the token."))
            case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                return SendUnknown("Echo is in trouble.")
        return SendRejected(Failure(str(answer.status_code), FailureKind.PERMANENT, "Echo does not take the message."))

    async def ask(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        """Call Echo for an answer; errors as every reading hook promises."""
        try:
            answer = await self.request(settings, ctx, method, path, body)
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                raise ConfigurationError("Echo refuses the token.", field="token", refused=True)
            return cast("dict[str, Any]", answer.raise_for_status().json())
        except (httpx.HTTPError, ValueError):
            raise ProviderUnavailable("Echo gave no usable answer.") from None

    async def request(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {settings_of(settings).token.get_secret_value()}"}
        return await ctx.http.request(method, f"{ctx.api_base_url}{path}", json=body, headers=headers)

    def receipt(self, row: dict[str, Any]) -> Receipt:
        return Receipt(row["id"], STATES.get(row["state"], DeliveryState.QUEUED))

    def is_this(
        self, row: dict[str, Any], message: OutboundMessage, attempted_at: datetime, known: Collection[str]
    ) -> bool:
        recent = datetime.fromisoformat(row["at"]) >= attempted_at - CLOCK_SKEW
        return recent and row["id"] not in known and (row["to"], row["text"]) == (message.to, message.text)


def settings_of(settings: BaseModel) -> EchoSettings:
    """Settings with their type."""
    if not isinstance(settings, EchoSettings):
        raise TypeError(f"These are {type(settings).__name__}, not EchoSettings.")
    return settings
