"""Sending, listing, reading, redacting and deleting messages.

https://www.twilio.com/docs/messaging/api/message-resource
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels_whatsapp.simulator import send_request
from trinity_channels_whatsapp.simulator.accounts import Account
from trinity_channels_whatsapp.simulator.api.access import Access, read_form
from trinity_channels_whatsapp.simulator.api.listing import classic, cut, rfc2822
from trinity_channels_whatsapp.simulator.messages import UNDELETABLE, Message
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.outbound import Outbound
from trinity_channels_whatsapp.simulator.pace import Pace
from trinity_channels_whatsapp.simulator.problems import FAILURES, UNKNOWN_FAILURE, Problem


class MessagesApi:
    """`/2010-04-01/Accounts/{AC}/Messages`."""

    def __init__(self, network: Network, outbound: Outbound, access: Access) -> None:
        self._network = network
        self._outbound = outbound
        self._access = access
        self._pace = Pace()

    def routes(self) -> list[Route]:
        """Where it answers."""
        messages = "/2010-04-01/Accounts/{account}/Messages"
        return [
            Route(f"{messages}.json", self._create, methods=["POST"]),
            Route(f"{messages}.json", self._list, methods=["GET"]),
            Route(f"{messages}/{{message}}.json", self._fetch, methods=["GET"]),
            Route(f"{messages}/{{message}}.json", self._update, methods=["POST"]),
            Route(f"{messages}/{{message}}.json", self._delete, methods=["DELETE"]),
        ]

    async def _create(self, request: Request) -> Response:
        account, faults = self._access.account(request), self._network.faults
        # After the credentials: a fault of the network is not met by requests that would be refused anyway.
        return await faults.meet(partial(self._take, request, account), self._network.behaviour.slow_answer)

    async def _take(self, request: Request, account: Account) -> Response:
        behaviour, now = self._network.behaviour, self._network.clock()
        # Before anything is stored: a 429 promises that the request was never processed.
        self._pace.admit(account, behaviour.sends_per_second, now)
        form = await read_form(request)
        wanted = send_request.read(form, account, behaviour, now)
        message = self._outbound.take(wanted)
        # No callback tells the first status, only this answer, so it is written down before the next one is taken.
        rendered = render(message)
        if "From" not in form:
            rendered["from"] = None  # the service has not chosen a sender yet
        if wanted.send_at is not None:
            return JSONResponse(rendered, 201)
        carry = self._outbound.carry(message, wanted.sender)
        # A callback can overtake the answer; Twilio promises no order.
        if behaviour.callbacks_before_answer:
            await carry
        else:
            self._network.background.start(carry)
        return JSONResponse(rendered, 201)

    async def _list(self, request: Request) -> Response:
        account = self._access.account(request)
        self._outbound.release_due()
        found = ((message.sid, render(message)) for message in self._matching(request, account))
        page = cut(request, found)
        return JSONResponse(classic(request, page, "messages", f"/2010-04-01/Accounts/{account.sid}/Messages.json"))

    def _matching(self, request: Request, account: Account) -> Iterator[Message]:
        query = request.query_params
        to, from_ = query.get("To"), query.get("From")
        dates = {name: query[name] for name in ("DateSent", "DateSent<", "DateSent>") if name in query}
        for message in account.messages.newest_first(*(one for one in (to, from_) if one)):
            addressed = (not to or message.to == to) and (not from_ or message.from_ == from_)
            if addressed and all(_sent(message, name, value) for name, value in dates.items()):
                yield message

    async def _fetch(self, request: Request) -> Response:
        return JSONResponse(render(self._message(request)))

    async def _update(self, request: Request) -> Response:
        """Redact a message with an empty `Body`, or cancel a scheduled one with `Status=canceled`."""
        message, form = self._message(request), await read_form(request)
        if form.get("Status") == ["canceled"]:
            # What has left cannot be called back.
            if message.status != "scheduled":
                raise Problem(30409)
            message.move("canceled", self._network.clock())
        elif form.get("Body") == [""]:
            # Only what the API returns; on the phone the text stays.
            message.body = ""
            message.updated = self._network.clock()
        else:
            raise Problem(20001, "Body can only be emptied, Status only become canceled")
        return JSONResponse(render(message))

    async def _delete(self, request: Request) -> Response:
        message = self._message(request)
        if message.status in UNDELETABLE:
            raise Problem(20009)
        self._access.account(request).messages.remove(message)
        return Response(status_code=204)

    def _message(self, request: Request) -> Message:
        self._outbound.release_due()
        message = self._access.account(request).messages.get(request.path_params["message"])
        if message is None:
            raise Problem(20404, request.url.path)
        return message


def _sent(message: Message, name: str, value: str) -> bool:
    """Apply one `DateSent` filter: on, on or before (`<`), on or after (`>`) a day or a moment, in GMT.

    Midnight is a day where equality is asked for: the official client writes a `date` so.
    """
    if message.sent is None:
        return False
    try:
        wanted = datetime.fromisoformat(value)
    except ValueError:
        raise Problem(20001, name) from None
    midnight = name == "DateSent" and wanted.time() == time(0) and wanted.tzinfo in {None, UTC}
    by_day = midnight or len(value) == len("2026-01-31")
    # Twilio's dates have whole seconds.
    sent: date = message.sent.date() if by_day else message.sent.replace(microsecond=0)
    limit: date = wanted.date() if by_day else wanted if wanted.tzinfo else wanted.replace(tzinfo=UTC)
    return sent <= limit if name == "DateSent<" else sent >= limit if name == "DateSent>" else sent == limit


def render(message: Message) -> dict[str, Any]:
    """A message in Twilio's shape."""
    uri = f"/2010-04-01/Accounts/{message.account_sid}/Messages/{message.sid}"
    failed = message.error_code is not None
    return {
        "account_sid": message.account_sid,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": rfc2822(message.created),
        "date_sent": rfc2822(message.sent),
        "date_updated": rfc2822(message.updated),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": FAILURES.get(message.error_code or 0, UNKNOWN_FAILURE)[1] if failed else None,
        "from": message.from_,
        "messaging_service_sid": message.service_sid,
        # Twilio writes its counts as strings.
        "num_media": str(len(message.media)),
        "num_segments": "1",
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "tags": None,
        "to": message.to,
        "uri": f"{uri}.json",
    }
