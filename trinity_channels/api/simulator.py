"""What a provider's simulator offers to the demo, the tests and the contract kit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from starlette.types import ASGIApp


class Fault(StrEnum):
    """Something that goes wrong at the provider's side of one call."""

    RATE_LIMITED = "rate_limited"
    """429, with the pause that the provider names, if it names one."""
    SERVER_ERROR = "server_error"
    """A 5xx in the provider's own shape; the message was not taken."""
    SERVER_ERROR_AFTER = "server_error_after"
    """The same answer, after the message was taken."""
    HTML_ERROR = "html_error"
    """A 502 page of a proxy in front of the provider."""
    CUT_BEFORE = "cut_before"
    """The connection breaks and the message was not taken."""
    CUT_AFTER = "cut_after"
    """The connection breaks after the message was taken."""
    SLOW = "slow"
    """The answer takes longer than any time-out; the message was taken."""
    UNAUTHORIZED = "unauthorized"
    """The credentials are refused."""
    REFUSED = "refused"
    """The recipient is refused: there is no such address, or the person has blocked the account."""
    EXHAUSTED = "exhausted"
    """The account has used up what it may send, and a pause of seconds does not help. Not every provider has this."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as it shows on the phone. `ticks`: 0 on its way, 1 sent, 2 delivered, 3 read; -1 did not arrive."""

    text: str
    ticks: int


class Phone(Protocol):
    """A person's phone on the simulated network."""

    address: str

    async def says(self, text: str) -> None:
        """Write to the connected sender; returns when the webhook has been answered."""

    def heard(self) -> Sequence[Heard]:
        """Everything that arrived, oldest first."""


class Simulator(Protocol):
    """A provider on this machine: an ASGI app for the host to call, phones to write with, a clock to move.

    More methods make the contract kit check more, each recognised by its name. Of the simulator: `sign(request)` returns
    a request of the kit's own as the provider would have sent it; `posts_unknown()` posts an event of a kind that does
    not exist yet; `group(name)` is a group with `says(phone, text, named=…)` and `heard()`, required with the capability
    `groups`, and `names(phone, other, text)` for what a member writes to another one; `writes_unaddressed(text)` writes
    what the agent can read and is not given, and returns the message's id. Of a phone: `sends_media(data, content_type,
    caption)`; `corrects(text)` and `takes_back()` for what was written last; `blocks()` and `unblocks()`. All but `sign`
    and `heard` are coroutines; `group` may be one.

    `prepare_listening()`, a plain method, is needed where the owner has to do something in the provider's console before the
    plugin can `listen`; from then on `settings` returns what is entered for that way. It may be called more than once.

    Where messages are fetched, `connect` and `repeat_last_webhook` are not called: `demo` leaves that step out. A simulator
    of a channel without webhooks does nothing in the first, and raises `LookupError` in the second.
    """

    app: ASGIApp

    def settings(self) -> Mapping[str, str]:
        """Working settings for a binding to this simulator."""

    def connect(self, webhook_url: str) -> None:
        """Do what the owner does in the provider's console: point the sender at the host."""

    def phone(self, name: str, address: str | None = None) -> Phone:
        """A person's phone, allowed to write; the same one for the same name."""

    def inject(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` sends fail this way; other calls are not concerned.

        Raises:
            LookupError: this provider never answers so.
        """

    def advance(self, by: timedelta) -> None:
        """Move the provider's clock forward."""

    async def repeat_last_webhook(self) -> int:
        """Post the latest message's webhook once more, as a provider does whose answer got lost; returns the HTTP status.

        Raises:
            LookupError: no message has been received yet, or the channel has no webhooks.
        """

    async def settle(self) -> None:
        """Wait until every webhook and receipt that is due has been answered."""
