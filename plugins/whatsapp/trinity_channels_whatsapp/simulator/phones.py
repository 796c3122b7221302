"""A person's phone: what it writes, what it hears, how it looks to businesses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from trinity_channels.api import Heard
from trinity_channels_whatsapp.simulator.accounts import Account, Sender
from trinity_channels_whatsapp.simulator.messages import Message
from trinity_channels_whatsapp.simulator.sids import PREFIX

MEMBERSHIP = timedelta(days=3)
TYPING = timedelta(seconds=25)


@dataclass(frozen=True, slots=True)
class Utterance:
    """One thing a person sends. `fields` are webhook parameters that only this kind of message has."""

    text: str = ""
    kind: str = "text"
    content_type: str = ""
    data: bytes = b""
    fields: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    replies_to: Message | None = None

    @property
    def place(self) -> str:
        """The shared place in words, as the phone shows it."""
        named = [self.fields[name] for name in ("Label", "Address") if name in self.fields]
        where = [self.fields[name] for name in ("Latitude", "Longitude") if name in self.fields]
        return ", ".join(named or where)


@dataclass(frozen=True, slots=True)
class Advertisement:
    """A post that leads to a chat with the business. https://www.twilio.com/docs/whatsapp/api/click-to-whatsapp-ads."""

    headline: str = "Summer sale"
    body: str = "50% off"
    url: str = "https://fb.me/fake-ad"
    source_id: str = "120210000000000000"
    source_type: str = "ad"

    @property
    def fields(self) -> Mapping[str, str]:
        """What a webhook reports about it."""
        return {
            "ReferralHeadline": self.headline,
            "ReferralBody": self.body,
            "ReferralSourceUrl": self.url,
            "ReferralSourceId": self.source_id,
            "ReferralSourceType": self.source_type,
            "ReferralCtwaClid": "fake-click",
        }


class Line(Protocol):
    """Carries what a phone sends."""

    async def carry(self, phone: Phone, utterance: Utterance) -> None:
        """Return when the webhook has been answered."""

    def now(self) -> datetime:
        """The network's time."""


class Phone:
    """A person's phone.

    Attributes:
        name: profile name, chosen by the person.
        number: E.164.
        address: what the sender in `chat` answers to: the number, or the user id of someone who hides it.
        chat: the sender this person writes to.
        hidden: the person has a username, and businesses see a user id instead of the number.
        has_user_id: webhooks carry the user id; False for how they were before there were any.
        read_receipts: the person shows when they have read.
        refuse_with: an error code with which every message to this phone fails.
        bubbles: the chat, oldest first.
        last_wrote: when the person last wrote to a sender; opens the 24-hour window.
    """

    def __init__(self, name: str, number: str, chat: Sender, line: Line, *, hidden: bool = False) -> None:
        self.name = name
        self.number = number
        self.chat = chat
        self.hidden = hidden
        self.has_user_id = True
        self.read_receipts = True
        self.refuse_with: int | None = None
        self.bubbles: list[Message] = []
        self.last_wrote: dict[Sender, datetime] = {}
        self.address = self.address_for(chat.account)
        self._line = line
        self._joined: tuple[Account, datetime] | None = None
        self._typing: datetime | None = None

    def address_for(self, account: Account) -> str:
        """What `account` answers to."""
        return PREFIX + (self.user_id(account) if self.hidden else self.number)

    def user_id(self, account: Account) -> str:
        """The business-scoped user id: one for every business and number; the number's next holder has another."""
        # From the account on: an id means nothing to another business. https://www.twilio.com/docs/whatsapp/key-concepts
        digest = hashlib.sha256(f"{account.sid} {self.name} {self.number}".encode()).hexdigest()
        return f"US.{int(digest[:14], 16):017d}"

    def writes_to(self, sender: Sender) -> None:
        """Open the chat with another sender."""
        self.chat = sender
        self.address = self.address_for(sender.account)

    def hides_number(self) -> None:
        """Take a username: from now on businesses see a user id."""
        self.hidden = True
        self.address = self.address_for(self.chat.account)

    def moves_to(self, number: str) -> None:
        """Take another number, and with it another user id; `People.change_number` tells the network."""
        self.number = number
        self.address = self.address_for(self.chat.account)

    async def says(
        self,
        text: str,
        *,
        replying_to: Message | None = None,
        forwarded: bool = False,
        advertisement: Advertisement | None = None,
    ) -> None:
        """Write; returns when the webhook has been answered.

        `forwarded`: the words are another person's, passed on. `advertisement`: where the person came from.
        """
        marks = {"Forwarded": "true"} if forwarded else {}
        fields = {**marks, **(advertisement.fields if advertisement else {})}
        await self._line.carry(self, Utterance(text, fields=fields, context=marks, replies_to=replying_to))

    async def joins_sandbox(self, account: Account | None = None) -> None:
        """Write the join code of `account` (default: of the sender in `chat`) to the sandbox number."""
        account = account or self.chat.account
        self.writes_to(account.sandbox)
        await self.says(f"join {account.sandbox_code}")

    async def taps(self, title: str, payload: str | None = None) -> None:
        """Tap a quick reply of the latest message that has one called `title`, or any title with `payload`."""
        offer = self.offer(title)
        if payload is None:
            if offer is None or offer.template is None:
                raise LookupError(f"no message offers the button {title!r}")
            payload = offer.template.buttons[title]
        tapped = {"ButtonText": title, "ButtonPayload": payload, "ButtonType": "REPLY"}
        context = {"ButtonText": title, "ButtonPayload": payload}
        await self._line.carry(self, Utterance(title, "interactive", fields=tapped, context=context, replies_to=offer))

    async def chooses(self, title: str) -> None:
        """Choose a row of the latest list that has one called `title`."""
        # The newest: people see that list above the keyboard.
        offered = (one for one in reversed(self.bubbles) if one.template and title in one.template.rows)
        offer = next(offered, None)
        if offer is None or offer.template is None:
            raise LookupError(f"no message offers the row {title!r}")
        row = offer.template.rows[title]
        chosen = {"ListId": row.get("id", title), "ListTitle": title, "ListDescription": row.get("description", "")}
        fields = {name: value for name, value in chosen.items() if value}
        await self._line.carry(self, Utterance(title, "interactive", fields=fields, replies_to=offer))

    async def answers_form(self, answers: Mapping[str, object], *, replying_to: Message | None = None) -> None:
        """Fill in a WhatsApp Flow and send it; such a message has no text."""
        fields = {"FlowData": _json(answers), "InteractiveData": _json({"type": "nfm_reply"})}
        await self._line.carry(self, Utterance("", "interactive", fields=fields, replies_to=replying_to))

    async def orders(self, items: Sequence[Mapping[str, object]], text: str = "") -> None:
        """Send a shopping cart.

        Twilio does not document the field; its name is ours, and what it holds is what Meta sends:
        https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/order
        """
        order = {"catalog_id": "fake-catalog", "text": text, "product_items": list(items)}
        await self._line.carry(self, Utterance("", "order", fields={"Order": _json(order)}))

    async def sends_unsupported(self, kind: str = "unsupported") -> None:
        """Send something of which Twilio passes on no more than its kind."""
        await self._line.carry(self, Utterance("", kind))

    def offer(self, title: str) -> Message | None:
        """The latest message with a quick reply called `title`."""
        return next((one for one in reversed(self.bubbles) if one.template and title in one.template.buttons), None)

    async def sends_media(self, data: bytes, content_type: str, caption: str = "") -> None:
        """Send one file; several photos are several messages, as on WhatsApp."""
        kind = content_type.partition("/")[0]
        # Every other type is a document to WhatsApp.
        kind = kind if kind in {"image", "audio", "video"} else "document"
        await self._line.carry(self, Utterance(caption, kind, content_type, data))

    async def shares_contact(self, vcard: str) -> None:
        """Share an address-book entry."""
        await self._line.carry(self, Utterance("", "contacts", "text/vcard", vcard.encode()))

    async def shares_location(self, latitude: float, longitude: float, label: str = "", address: str = "") -> None:
        """Share a place; label and address come only where the person picked a named one."""
        place = {"Latitude": str(latitude), "Longitude": str(longitude), "Label": label, "Address": address}
        present = {name: value for name, value in place.items() if value}
        await self._line.carry(self, Utterance("", "location", fields=present))

    def heard(self) -> list[Heard]:
        """Everything sent to this phone, oldest first; what did not arrive has -1 ticks."""
        return [Heard(one.shown, one.ticks) for one in self.bubbles if one.outbound]

    @property
    def typing(self) -> bool:
        """The phone shows "typing…": until a reply arrives, or for 25 seconds."""
        return self._typing is not None and self._line.now() < self._typing

    def show_typing(self) -> None:
        self._typing = self._line.now() + TYPING

    def mark_read(self, message: Message) -> None:
        """The business has read `message`, and with it everything this person wrote before."""
        for one in self.bubbles:
            one.read = True
            if one is message:
                return

    def receive(self) -> None:
        """A message arrives, which ends the typing."""
        self._typing = None

    def join(self, account: Account, now: datetime) -> None:
        """One sandbox at a time: joining another leaves the first."""
        self._joined = account, now

    def leave(self) -> None:
        self._joined = None

    def sandbox_account(self, now: datetime) -> Account | None:
        """Whose sandbox this phone is in; membership ends three days after joining."""
        if self._joined is None or now - self._joined[1] >= MEMBERSHIP:
            return None
        return self._joined[0]


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
