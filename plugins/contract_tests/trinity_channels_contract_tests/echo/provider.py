"""Echo, the provider: a simulator that shows every fault, and nothing that a real provider would not."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from trinity_channels.api import Context, Fault, Heard, Request
from trinity_channels.simulation import Background, Buckets, Clock, Faults
from trinity_channels_contract_tests.echo.manifest import LIMIT

TICKS = {"accepted": 0, "sent": 1, "delivered": 2, "read": 3}
TOKEN = "fake-echo-token-1234"  # noqa: S105  no provider knows it
SECRET = "fake-echo-secret-5678"  # noqa: S105  the same
WAIT = 10.0
"""Seconds that those who ask for unread messages wait for the first one."""
REPLIES = timedelta(minutes=1, seconds=10)
"""How long a reply token is taken: a little longer than Echo says."""
AT_ONCE = 5
EVERY = timedelta(seconds=1)
"""So many messages to one person may come at once, and one more after each of these."""
REFUSALS = {
    Fault.RATE_LIMITED: JSONResponse({"error": "too fast"}, 429, {"retry-after": "3"}),
    Fault.SERVER_ERROR: JSONResponse({"error": "oops"}, 503),
    Fault.UNAUTHORIZED: JSONResponse({"error": "wrong token"}, 401),
    Fault.REFUSED: JSONResponse({"error": "no such address"}, 404),
    Fault.EXHAUSTED: JSONResponse({"error": "quota used up"}, 402),
}


@dataclass(slots=True, eq=False)
class EchoPhone:
    """A person's phone; `chat` is what arrived."""

    name: str
    address: str
    provider: EchoSimulator = field(repr=False)
    chat: list[dict[str, Any]] = field(default_factory=list)

    async def says(self, text: str) -> None:
        """Write; returns when the webhook has been answered."""
        await self.provider.bring(self, text)

    async def corrects(self, text: str) -> None:
        """Change what was written last."""
        await self.provider.change(self, text)

    async def takes_back(self) -> None:
        """Remove what was written last, for everyone."""
        await self.provider.change(self, None)

    async def blocks(self) -> None:
        """Let Echo bring nothing more."""
        await self.provider.follow(self, "blocked")

    async def unblocks(self) -> None:
        """Take that back."""
        await self.provider.follow(self, "unblocked")

    async def sends_media(self, data: bytes, content_type: str, caption: str = "") -> None:
        """Send a file."""
        url = f"/files/{hashlib.sha256(data).hexdigest()[:12]}"
        await self.provider.bring(self, caption, {"url": url, "type": content_type})

    def heard(self) -> Sequence[Heard]:
        """Everything that arrived, oldest first."""
        return [Heard(row["text"], TICKS[row["state"]]) for row in self.chat]

    @property
    def person(self) -> dict[str, str]:
        """As webhooks show them."""
        return {"address": self.address, "id": f"u-{self.address[5:]}", "name": self.name}


@dataclass(slots=True, eq=False)
class EchoGroup:
    """A group with the account in it; `chat` is what the account wrote."""

    address: str
    provider: EchoSimulator = field(repr=False)
    chat: list[dict[str, Any]] = field(default_factory=list)

    async def says(self, phone: EchoPhone, text: str, *, named: bool) -> None:
        """Let a member write; `named`, to the account."""
        await self.provider.bring(phone, text, group=self.address, named=named)

    async def names(self, phone: EchoPhone, other: EchoPhone, text: str) -> None:
        """Let a member write to another one."""
        await self.provider.bring(phone, text, group=self.address, named=other.address)

    def heard(self) -> Sequence[Heard]:
        """Everything that arrived, oldest first."""
        return [Heard(row["text"], TICKS[row["state"]]) for row in self.chat]


class EchoSimulator:
    """The provider. Its API is below `app`, its people are `phone`s; `signed` says what of a webhook is signed."""

    def __init__(
        self,
        ctx: Context,
        signed: Callable[[str, str, bytes], bytes],
        refusals: Mapping[Fault, Response] = REFUSALS,
    ) -> None:
        self._ctx = ctx
        self._signed = signed
        self._clock = Clock(ctx.now)
        self._webhook = ""
        self._is_listened_to = False
        self._ids = itertools.count(1)
        self._phones: dict[str, EchoPhone] = {}
        self._groups: dict[str, EchoGroup] = {}
        self._faults = Faults(refusals)
        self._background = Background()
        self._sent: list[dict[str, Any]] = []
        self._inbox: list[dict[str, Any]] = []
        self._unread: list[dict[str, Any]] = []
        self._arrived = asyncio.Event()
        self._aside: list[dict[str, Any]] = []
        self._reply_tokens: dict[str, datetime] = {}
        self._pace = Buckets()
        self.app: ASGIApp = Starlette(
            routes=[
                Route("/account", self._account),
                Route("/webhook", self._configure_webhook, methods=["GET", "POST"]),
                Route("/messages", self._messages, methods=["GET", "POST"]),
                Route("/inbox", self._list_inbox),
                Route("/unread", self._wait_for_unread),
                Route("/unread/{id}", self._mark_read, methods=["DELETE"]),
                Route("/history", self._history),
                Route("/typing", self._typing, methods=["POST"]),
                Route("/people/{address}", self._person),
            ]
        )

    # --- the protocol ---

    def settings(self) -> Mapping[str, str]:
        account = {"account": "acc-1", "token": TOKEN}
        return {**account, "inbox": "inbox-1"} if self._is_listened_to else {**account, "signing_secret": SECRET}

    def prepare_listening(self) -> None:
        self._is_listened_to = True

    def connect(self, webhook_url: str) -> None:
        self._webhook = webhook_url

    def phone(self, name: str, address: str | None = None) -> EchoPhone:
        number = f"echo:{100001 + len(self._phones)}"
        return self._phones.setdefault(name, EchoPhone(name, address or number, self))

    def inject(self, fault: Fault, times: int = 1) -> None:
        self._faults.inject(fault, times)

    def advance(self, by: timedelta) -> None:
        self._clock.advance(by)

    async def repeat_last_webhook(self) -> int:
        if not self._inbox:
            raise LookupError("no message has been received yet")
        return await self._post(self._inbox[-1], attempt=2)

    async def settle(self) -> None:
        await self._background.settle()

    # --- more than the protocol: what lets the kit see further ---

    def group(self, name: str) -> EchoGroup:
        """A group; the same one for the same name."""
        return self._groups.setdefault(name, EchoGroup(f"echo:g{1 + len(self._groups)}", self))

    async def posts_unknown(self) -> None:
        """Post an event of an unknown kind."""
        await self._post({"kind": "sunrise", "id": self._id()})

    async def writes_unaddressed(self, text: str) -> str:
        """Let a person write what Echo keeps and does not bring."""
        ann = {"address": "echo:100099", "id": "u-100099", "name": "Ann"}
        self._aside.append({"id": self._id(), "from": ann, "text": text})
        return str(self._aside[-1]["id"])

    def sign(self, request: Request) -> Request:
        """Sign content made up by the caller."""
        stamp = request.headers["x-echo-timestamp"]
        signature = self._signature(request.url, stamp, request.body)
        return replace(request, headers={**request.headers, "x-echo-signature": signature})

    # --- people ---

    async def bring(
        self, phone: EchoPhone, text: str, *files: dict[str, str], group: str | None = None, named: bool | str = False
    ) -> None:
        """Carry what a person wrote to the host; `named` is the account, or a member's address."""
        where = {"group": group, "named": named}
        name = self._id()
        message = self._event("message", phone, id=name, text=text, files=list(files), reply=f"reply-{name}", **where)
        self._reply_tokens[f"reply-{name}"] = self._clock() + REPLIES
        self._inbox.append(message)
        await self._post(message)

    async def change(self, phone: EchoPhone, text: str | None) -> None:
        """Change what a person wrote last."""
        latest = next(row for row in reversed(self._inbox) if row["from"] == phone.person)
        await self._post(self._event("changed", phone, id=latest["id"], text=text))

    async def follow(self, phone: EchoPhone, state: str) -> None:
        """Tell what a person did with the account."""
        await self._post(self._event("followed", phone, state=state))

    def _event(self, kind: str, phone: EchoPhone, **fields: Any) -> dict[str, Any]:
        return {"kind": kind, "from": phone.person, "at": self._at(), **fields}

    def batch(self, event: dict[str, Any]) -> dict[str, Any]:
        """What a webhook holds; Echo sends each event by itself, and may send several."""
        return {"events": [event]}

    async def _post(self, payload: dict[str, Any], attempt: int = 1) -> int:
        if not self._webhook:
            self._keep(payload)
            return 0
        body, stamp = (
            json.dumps(self.batch(payload)).encode(),
            str(int(datetime.fromisoformat(self._at()).timestamp())),
        )
        headers = {
            "content-type": "application/json",
            "x-echo-timestamp": stamp,
            "x-echo-attempt": str(attempt),
            "x-echo-signature": self._signature(self._webhook, stamp, body),
        }
        try:
            status = (await self._ctx.http.post(self._webhook, content=body, headers=headers)).status_code
        except httpx.TransportError:
            status = 0
        if status in {0, HTTPStatus.SERVICE_UNAVAILABLE}:
            self._keep(payload)
        return status

    def _keep(self, payload: dict[str, Any]) -> None:
        """Keep what could not be brought until it is fetched, or a webhook is set."""
        # By an id of its own: several receipts tell of one message.
        self._unread.append({**payload, "unread": self._id()})
        self._arrived.set()

    async def _bring_again(self) -> None:
        waiting, self._unread = self._unread, []
        for kept in waiting:
            await self._post({name: value for name, value in kept.items() if name != "unread"})

    async def _carry(self, row: dict[str, Any]) -> None:
        chats: list[EchoPhone | EchoGroup] = [*self._phones.values(), *self._groups.values()]
        phone = next((one for one in chats if one.address == row["to"]), None)
        if phone is not None:
            phone.chat.append(row)
            for state in ("sent", "delivered", "read"):
                # Each state has its own receipt, in the provider's order.
                row["state"] = state
                await self._post({"kind": "receipt", **{name: row[name] for name in ("id", "state", "reference")}})

    # --- the API ---

    async def _messages(self, request: HttpRequest) -> Response:
        if not _allowed(request):
            return REFUSALS[Fault.UNAUTHORIZED]
        if request.method == "GET":
            return JSONResponse({"messages": self._sent})
        return await self._faults.meet(partial(self._take, request))

    async def _take(self, request: HttpRequest) -> Response:
        body = await request.json()
        if len(body["text"].encode("utf-16-le")) // 2 > LIMIT:
            return JSONResponse({"error": "too long"}, 422)
        if self._pace.take(self._clock(), body["to"], EVERY, AT_ONCE):
            return REFUSALS[Fault.RATE_LIMITED]
        # A client may ask for each reference to be taken once.
        known = [one for one in self._sent if body.get("once") and one["reference"] == body["reference"]]
        if known:
            return JSONResponse(known[0], HTTPStatus.CONFLICT if body["once"] == "strictly" else HTTPStatus.OK)
        if (token := body.pop("reply", None)) is not None:
            until = self._reply_tokens.pop(token, None)
            if until is None or until < self._clock():
                return JSONResponse({"error": "the reply token is used up"}, 410)
        row = {**body, "id": self._id(), "state": "accepted", "at": self._at()}
        self._sent.append(row)
        answer = JSONResponse(row, 201)
        self._background.start(self._carry(row))
        return answer

    async def _account(self, request: HttpRequest) -> Response:
        return _answer(request, {"id": "acc-1", "address": "echo:100000", "name": "Echo"})

    async def _configure_webhook(self, request: HttpRequest) -> Response:
        if _allowed(request) and request.method == "POST":
            body = await request.json()
            self._webhook = body["url"]
            if body.get("drop"):
                self._unread.clear()
            if self._webhook and self._unread:
                self._background.start(self._bring_again())
        return _answer(request, {"url": self._webhook})

    async def _list_inbox(self, request: HttpRequest) -> Response:
        return _answer(request, {"messages": self._inbox, "next": None})

    async def _wait_for_unread(self, request: HttpRequest) -> Response:
        self._arrived.clear()
        if not self._unread:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAIT):
                    await self._arrived.wait()
        return _answer(request, {"messages": self._unread})

    async def _mark_read(self, request: HttpRequest) -> Response:
        self._unread = [one for one in self._unread if one["unread"] != request.path_params["id"]]
        return _answer(request, {})

    async def _history(self, request: HttpRequest) -> Response:
        return _answer(request, {"messages": [*self._inbox, *self._sent, *self._aside]})

    async def _typing(self, request: HttpRequest) -> Response:
        return _answer(request, {})

    async def _person(self, request: HttpRequest) -> Response:
        address = request.path_params["address"]
        name = next((name for name, phone in self._phones.items() if phone.address == address), None)
        if name is None and _allowed(request):
            return JSONResponse({"error": "no such person"}, 404)
        return _answer(request, {"name": name, "email": f"{name}@example.org"})

    def _signature(self, url: str, stamp: str, body: bytes) -> str:
        return hmac.new(SECRET.encode(), self._signed(url, stamp, body), hashlib.sha256).hexdigest()

    def _id(self) -> str:
        return f"m-{next(self._ids)}"

    def _at(self) -> str:
        return self._clock().isoformat()


def _allowed(request: HttpRequest) -> bool:
    return request.headers.get("authorization") == f"Bearer {TOKEN}"


def _answer(request: HttpRequest, body: dict[str, Any]) -> Response:
    return JSONResponse(body) if _allowed(request) else REFUSALS[Fault.UNAUTHORIZED]
