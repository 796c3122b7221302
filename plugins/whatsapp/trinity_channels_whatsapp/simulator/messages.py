"""Messages as the provider keeps them, and the log that an account lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from trinity_channels_whatsapp.simulator.sids import new_sid
from trinity_channels_whatsapp.simulator.templates import Template

TICKS = {"sent": 1, "delivered": 2, "read": 3, "received": 2, "failed": -1, "undelivered": -1}
"""How far a message got, as a phone draws it; every other status is still on its way."""

UNDELETABLE = frozenset({"accepted", "queued", "sending"})
UNSENT = UNDELETABLE | {"scheduled", "canceled"}


@dataclass(slots=True, eq=False)
class Medium:
    """A file of a message. `misses` is how many more fetches find nothing yet.

    A file that an account sends is never fetched here: `source` is where it lies, and its type is derived from its name.
    """

    content_type: str
    data: bytes
    created: datetime
    misses: int = 0
    source: str = ""
    sid: str = field(default_factory=lambda: new_sid("ME"))
    cdn_key: str = field(default_factory=lambda: new_sid("cdn"))


@dataclass(slots=True, eq=False)
class Message:
    """One message, in or out.

    `body` is what the API returns (and redacts), `shown` what stays on the phone, `place` the place that it shares.
    """

    sid: str
    account_sid: str
    from_: str
    to: str
    body: str
    direction: str
    status: str
    created: datetime
    updated: datetime
    sent: datetime | None = None
    shown: str = ""
    error_code: int | None = None
    service_sid: str | None = None
    status_callback: str | None = None
    media: list[Medium] = field(default_factory=list)
    media_urls: tuple[str, ...] = ()
    template: Template | None = None
    variables: dict[str, str] = field(default_factory=dict)
    send_at: datetime | None = None
    acknowledged: bool = False
    read: bool = False
    place: str = ""

    @property
    def outbound(self) -> bool:
        return self.direction != "inbound"

    @property
    def ticks(self) -> int:
        """0 on its way, 1 sent, 2 delivered, 3 read; -1 did not arrive."""
        if self.outbound:
            return TICKS.get(self.status, 0)
        return 3 if self.read else 2 if self.acknowledged else 1

    def move(self, status: str, now: datetime) -> None:
        """Take the next status."""
        self.status = status
        self.updated = now
        # The first time that it leaves; later statuses keep the date.
        if self.sent is None and status not in UNSENT:
            self.sent = now


class MessageLog:
    """An account's messages: by identifier, and newest first by address."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Message] = {}
        self._by_address: defaultdict[str, list[Message]] = defaultdict(list)
        self._all: list[Message] = []

    def add(self, message: Message) -> None:
        self._by_sid[message.sid] = message
        self._all.append(message)
        self._by_address[message.to].append(message)
        self._by_address[message.from_].append(message)

    def get(self, sid: str) -> Message | None:
        return self._by_sid.get(sid)

    def remove(self, message: Message) -> None:
        # Its places in the lists stay, and are skipped when read: a search here would slow down load tests.
        del self._by_sid[message.sid]

    def newest_first(self, *addresses: str) -> Iterator[Message]:
        """Every message that has all `addresses` as its sender or recipient; deleted ones have gone."""
        # Filters name a sender and a recipient; the shorter of their lists is walked.
        wanted = [self._by_address.get(address, []) for address in addresses]
        for message in reversed(min(wanted, key=len, default=self._all)):
            if message.sid in self._by_sid and all(one in (message.to, message.from_) for one in addresses):
                yield message
