"""The hooks of the echo channel, as methods, so that the kit's tests can replace one step and see it noticed."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from trinity_channels.api import (
    Account,
    Binding,
    Channel,
    Check,
    CheckState,
    ConfigurationError,
    Context,
    Deliver,
    DeliveryState,
    Failure,
    FailureKind,
    Identity,
    Inbound,
    MessageReceived,
    OutboundMessage,
    ProviderUnavailable,
    Quoted,
    Receipt,
    SendDeferred,
    Sender,
    SendError,
    SendRejected,
    SendUnknown,
    Simulator,
    Verification,
    hookimpl,
    retry_after,
)
from trinity_channels.api.fields import text
from trinity_channels_contract_tests.echo.manifest import MANIFEST, EchoSettings
from trinity_channels_contract_tests.echo.provider import EchoSimulator
from trinity_channels_contract_tests.echo.webhooks import ODD, STATES, EchoWebhooks, settings_of, words

PACE = timedelta(seconds=1)
CLOCK_SKEW = timedelta(minutes=1)
SOON = 5.0
"""Seconds; Echo waits longer before it answers that nothing has come."""


class NotFoundError(ProviderUnavailable):
    """Echo does not have what was asked for; an outage for hooks that do not expect it."""


class Echo(EchoWebhooks):
    """The echo channel. The hooks come first, then the steps that they share."""

    manifest = MANIFEST

    @hookimpl
    def channel(self) -> Channel:
        return self.manifest

    @hookimpl
    async def configure(self, settings: BaseModel, ctx: Context, listens: bool = False) -> Account:
        self.require(settings_of(settings), listens=listens)
        return await self.open_account(settings, ctx)

    @hookimpl
    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        account = await self.open_account(binding.settings, ctx)
        if binding.listens:
            return Verification(account)
        url = await self.webhook(binding, ctx)
        state = CheckState.OK if url == ctx.webhook_url else CheckState.FAILED
        check = Check("webhook", state, "Where Echo posts.", "Save the settings again.")
        return Verification(account, (check,), host_of(url) if url != ctx.webhook_url else "")

    @hookimpl
    async def send(self, binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
        try:
            return self.receipt(await self.post(binding, message, ctx))
        # Only a connection that was never made proves that nothing was sent.
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
            raise SendDeferred("Echo cannot be reached.") from None
        except (httpx.HTTPError, *ODD):
            raise SendUnknown("Echo gave no usable answer.") from None

    @hookimpl
    async def resolve_identity(self, binding: Binding, sender: Sender, ctx: Context) -> Identity:
        person = await self.person(binding, sender, ctx)
        if person is None:  # nothing will ever be known of them, and that is not an outage
            return Identity((sender.address,), sender.name)
        return Identity((sender.address,), text(person, "name"), text(person, "email") or None)

    @hookimpl
    async def indicate(self, binding: Binding, message_id: str, ctx: Context, done: bool = False) -> None:
        await self.ask(binding.settings, ctx, "POST", "/typing", {"message": message_id, "on": not done})

    @hookimpl
    async def find_sent(
        self, binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
    ) -> Receipt | None:
        rows = await self.rows(binding, ctx, "/messages")
        with usable():
            return next((self.receipt(row) for row in rows if self.is_this(row, message, attempted_at, known)), None)

    @hookimpl
    async def list_missed(self, binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
        rows = await self.rows(binding, ctx, "/inbox")
        with usable():
            return [self.message(row) for row in rows if datetime.fromisoformat(row["at"]) >= since - CLOCK_SKEW]

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        await self.ask(binding.settings, ctx, "POST", "/webhook", {"url": ""})
        await deliver(Inbound())
        clock = asyncio.get_running_loop().time
        while True:
            asked = clock()
            rows = await self.rows(binding, ctx, "/unread")
            for row in rows:
                await self.take(row, binding, ctx, deliver)
            if not any(self.name_of_unread(row) for row in rows) and clock() - asked < SOON:
                await self.rest()

    @hookimpl
    async def register_webhook(self, binding: Binding, ctx: Context) -> None:
        await self.ask(binding.settings, ctx, "POST", "/webhook", {"url": ctx.webhook_url})

    @hookimpl
    async def unregister_webhook(self, binding: Binding, ctx: Context) -> None:
        if await self.webhook(binding, ctx) == ctx.webhook_url:
            await self.ask(binding.settings, ctx, "POST", "/webhook", {"url": ""})

    @hookimpl
    async def resolve_quoted(self, binding: Binding, message_id: str, ctx: Context) -> Quoted:
        rows = await self.rows(binding, ctx, "/history")
        with usable():
            return next((self.quoted(row) for row in rows if row["id"] == message_id), Quoted(provider_id=message_id))

    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        return EchoSimulator(ctx, self.signed)

    # --- listening ---

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        await deliver(Inbound((self.one(row),)))
        # Only now: it is stored.
        await self.acknowledge(row, binding, ctx)

    async def acknowledge(self, row: object, binding: Binding, ctx: Context) -> None:
        # What has no name stays, and is brought again.
        if name := self.name_of_unread(row):
            await self.ask(binding.settings, ctx, "DELETE", f"/unread/{quote(name, safe='')}")

    def name_of_unread(self, row: object) -> str:
        return text(row, "unread") if isinstance(row, dict) else ""

    async def rest(self) -> None:
        await asyncio.sleep(1)

    def require(self, settings: EchoSettings, *, listens: bool) -> None:
        if listens and settings.inbox is None:
            raise ConfigurationError("The inbox to fetch messages from is missing.", field="inbox")
        if not listens and settings.signing_secret is None:
            raise ConfigurationError("The signing secret is missing.", field="signing_secret")

    # --- the provider's API ---

    async def open_account(self, settings: BaseModel, ctx: Context) -> Account:
        record = await self.ask(settings, ctx, "GET", "/account")
        key, sender = text(record, "id"), text(record, "address")
        if not (key and sender):
            raise ProviderUnavailable("Echo gave no usable answer.")
        return Account(key=key, sender=sender, display_name=text(record, "name"), pace=PACE)

    async def webhook(self, binding: Binding, ctx: Context) -> str:
        url = (await self.ask(binding.settings, ctx, "GET", "/webhook")).get("url")
        if not isinstance(url, str):
            raise ProviderUnavailable("Echo gave no usable answer.")
        return words(url)

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        rows = (await self.ask(binding.settings, ctx, "GET", path)).get("messages")
        if not isinstance(rows, list):
            raise ProviderUnavailable("Echo gave no usable list.")
        return rows

    async def person(self, binding: Binding, sender: Sender, ctx: Context) -> dict[str, Any] | None:
        """What Echo knows of someone; None if it does not know them."""
        try:
            return await self.ask(binding.settings, ctx, "GET", f"/people/{quote(sender.address, safe='')}")
        except NotFoundError:
            return None

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        body = self.body(message)
        answer = await self.request(binding.settings, ctx, "POST", "/messages", body)
        # The token was used up by an earlier attempt, and this one has certainly not been taken.
        if answer.status_code == HTTPStatus.GONE and body.pop("reply", None):
            answer = await self.request(binding.settings, ctx, "POST", "/messages", body)
        if answer.is_success:
            return cast("dict[str, Any]", answer.json())
        raise self.refusal(answer, message, ctx)

    def body(self, message: OutboundMessage) -> dict[str, Any]:
        body = {"to": message.to, "text": message.text, "reference": message.id, "once": True}
        if message.reply_to and message.reply_to.token:
            body["reply"] = message.reply_to.token
        return body

    def refusal(self, answer: httpx.Response, message: OutboundMessage, ctx: Context) -> SendError:  # noqa: ARG002  liars need it
        match answer.status_code:
            case HTTPStatus.TOO_MANY_REQUESTS:
                return SendDeferred("Echo asks for a pause.", retry_after=retry_after(answer.headers, ctx.now()))
            case HTTPStatus.UNAUTHORIZED:
                return SendRejected(Failure("401", FailureKind.OPERATOR, "Echo refuses the token."))
            case HTTPStatus.PAYMENT_REQUIRED:
                return SendRejected(Failure("402", FailureKind.OPERATOR, "The account's quota is used up."))
            case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
                return SendUnknown("Echo is in trouble.")
            case status if status < HTTPStatus.BAD_REQUEST:
                return SendDeferred("Something redirects to another address.")
        return SendRejected(Failure(str(answer.status_code), FailureKind.PERMANENT, "Echo does not take the message."))

    async def ask(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        """Call Echo for an answer; errors as every reading hook promises."""
        try:
            answer = await self.request(settings, ctx, method, path, body)
            if answer.status_code == HTTPStatus.UNAUTHORIZED:
                raise ConfigurationError("Echo refuses the token.", field="token", refused=True)
            if answer.status_code == HTTPStatus.NOT_FOUND:
                raise NotFoundError("Echo does not have it.")
            if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                pause = retry_after(answer.headers, ctx.now())
                raise ProviderUnavailable("Echo asks for a pause.", retry_after=pause)
            told = answer.raise_for_status().json()
        except (httpx.HTTPError, *ODD):
            raise ProviderUnavailable("Echo gave no usable answer.") from None
        if not isinstance(told, dict):
            raise ProviderUnavailable("Echo gave no usable answer.")
        return told

    async def request(
        self, settings: BaseModel, ctx: Context, method: str, path: str, body: Mapping[str, object] | None = None
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {settings_of(settings).token.get_secret_value()}"}
        return await ctx.http.request(method, f"{ctx.api_base_url}{path}", json=body, headers=headers)

    def quoted(self, row: dict[str, Any]) -> Quoted:
        author = row.get("from", {}).get("name", "")
        return Quoted(words(row["text"]), self.named(row), author, by_agent="to" in row)

    def receipt(self, row: dict[str, Any]) -> Receipt:
        return Receipt(self.named(row), STATES.get(row["state"], DeliveryState.QUEUED))

    def is_this(
        self, row: dict[str, Any], message: OutboundMessage, attempted_at: datetime, known: Collection[str]
    ) -> bool:
        recent = datetime.fromisoformat(row["at"]) >= attempted_at - CLOCK_SKEW
        return recent and row["id"] not in known and (row["to"], row["text"]) == (message.to, message.text)


def host_of(url: str) -> str:
    """The host of an address, as far as it is one."""
    try:
        return httpx.URL(url).host
    except httpx.InvalidURL:
        return ""


@contextmanager
def usable() -> Iterator[None]:
    """Read what Echo answered; what cannot be read is no answer."""
    try:
        yield
    except ODD:
        raise ProviderUnavailable("Echo gave no usable answer.") from None
