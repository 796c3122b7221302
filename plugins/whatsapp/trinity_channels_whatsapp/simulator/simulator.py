"""The simulator itself: what the demo, the tests and the contract kit hold in their hands."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

from starlette.types import ASGIApp

from trinity_channels.api import Context, Fault, Request
from trinity_channels.simulation import Clock
from trinity_channels_whatsapp.simulator.accounts import Account, Sender
from trinity_channels_whatsapp.simulator.api import application
from trinity_channels_whatsapp.simulator.behaviour import Behaviour
from trinity_channels_whatsapp.simulator.callbacks import is_local
from trinity_channels_whatsapp.simulator.inbound import Inbound
from trinity_channels_whatsapp.simulator.network import Alert, Network
from trinity_channels_whatsapp.simulator.outbound import Outbound
from trinity_channels_whatsapp.simulator.phones import Phone
from trinity_channels_whatsapp.simulator.sids import E164, new_sid, with_prefix
from trinity_channels_whatsapp.simulator.signing import sign
from trinity_channels_whatsapp.simulator.templates import (
    SANDBOX_REMINDER,
    SANDBOX_REMINDER_TEXT,
    Approval,
    Template,
)
from trinity_channels_whatsapp.simulator.webhooks import WebhookCall, Webhooks

DEFAULT_SENDER = "whatsapp:+16285550100"


class TwilioSimulator:
    """Twilio's WhatsApp API on this machine: not WhatsApp, and with no connection to it.

    It refuses what Twilio refuses, with the same codes. Where it is more lenient it has to be: names under `.test` and
    `.example` pass for public ones; files to send are not fetched, so their type and size are not checked; there is no
    limit of messages to one person (14107, 63018) but the sandbox's, and no queue that overflows (21611, 30001); a
    scheduled message leaves when the clock is moved or the API is asked; accounts have no spending and no geographic
    permissions.

    Attributes:
        app: the API and the phone page, to serve at `ctx.api_base_url`.
        account: the default account.
        sender: its sender, the one that phones write to unless told otherwise.
        behaviour: switches for duplicates, disorder, missing media and the like.
    """

    def __init__(self, ctx: Context) -> None:
        base_url = (ctx.api_base_url or "http://twilio.simulator").rstrip("/")
        self._network = Network(base_url, Clock(ctx.now), Webhooks(ctx.http))
        self._outbound = Outbound(self._network)
        self._inbound = Inbound(self._network, self._outbound)
        self.behaviour: Behaviour = self._network.behaviour
        # A simulator on this machine can reach what real Twilio cannot; tests under a public name keep the strict rule.
        self.behaviour.local_callbacks = is_local(urlsplit(base_url).hostname or "")
        self.account = self.add_account("Simulated business")
        self.sender = self.add_sender(DEFAULT_SENDER, name="Simulated business")
        self.app: ASGIApp = application(self._network, self._outbound, self.phone)

    # --- the Simulator protocol ---

    def settings(self, *, sandbox: bool = False, sender: Sender | None = None) -> Mapping[str, str]:
        """Working settings for a binding to `sender` (default: the default one), or to its account's sandbox."""
        chosen = sender or self.sender
        chosen = chosen.account.sandbox if sandbox else chosen
        account = chosen.account
        return {"account_sid": account.sid, "auth_token": account.token, "from_number": chosen.address}

    def connect(self, webhook_url: str, *, sender: Sender | None = None) -> None:
        """Point `sender` at the host, by default the one that `settings` names without arguments; no other changes."""
        (sender or self.sender).webhook.callback_url = webhook_url

    def phone(
        self, name: str, address: str | None = None, *, sender: Sender | None = None, hidden: bool = False
    ) -> Phone:
        """A person's phone; the same one for the same name.

        Args:
            name: profile name.
            address: number with or without `whatsapp:`; an invented one if None.
            sender: whom this person writes to; by default one that is connected, a number of its own before the sandbox.
            hidden: businesses see a user id instead of the number.
        """
        # The same person, so that tests and pages can name people without keeping them.
        if (known := self._network.people.named(name)) is not None:
            return known
        number = with_prefix(address).removeprefix("whatsapp:") if address else self._network.people.free_number()
        if not E164.fullmatch(number):
            raise ValueError(f"{address!r} is not a phone number")
        phone = Phone(name, number, sender or self._connected(), self._inbound, hidden=hidden)
        self._network.people.add(phone)
        return phone

    def inject(self, fault: Fault, times: int = 1) -> None:
        """Let the next `times` sends fail this way."""
        self._network.faults.inject(fault, times)

    def advance(self, by: timedelta) -> None:
        """Move the provider's clock forward."""
        self._network.clock.advance(by)
        self._outbound.release_due()

    async def repeat_last_webhook(self) -> int:
        """Post the latest inbound message's webhook once more; returns the host's status."""
        return await self._inbound.repeat()

    async def settle(self) -> None:
        """Wait until every webhook and receipt that is due has been answered."""
        await self._network.background.settle()

    # --- more than the protocol: what lets the contract kit see further ---

    async def posts_unknown(self) -> None:
        """Post a status callback with a status that Twilio has not thought of yet."""
        await self._network.webhooks.post(
            self.account,
            self.sender.webhook.callback_url,
            {"AccountSid": self.account.sid, "MessageSid": new_sid("SM"), "MessageStatus": "teleported"},
        )

    def sign(self, request: Request) -> Request:
        """Sign a form made up by the caller, as Twilio would for the default account."""
        form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        signature = sign(self.account.token, request.url, form)
        return replace(request, headers={**request.headers, "x-twilio-signature": signature})

    # --- what the console does ---

    def add_account(self, name: str, *, kind: str = "Full", status: str = "active") -> Account:
        """Open another account; `kind` is Full or Trial. Its sandbox comes with it, a sender does not."""
        now = self._network.clock()
        account = self._network.accounts.add(name, now, kind=kind, status=status)
        account.templates[SANDBOX_REMINDER] = Template(
            friendly_name="sandbox_appointment_reminder",
            types={"twilio/text": {"body": SANDBOX_REMINDER_TEXT}},
            created=now,
            variables={"1": "date", "2": "time"},
            sid=SANDBOX_REMINDER,
            approval=Approval("approved", "sandbox_appointment_reminder", "UTILITY"),
        )
        return account

    def add_sender(self, number: str, *, account: Account | None = None, name: str = "") -> Sender:
        """Register a WhatsApp sender on `account`, online at once."""
        owner = account or self.account
        sender = Sender(with_prefix(number), owner, name or owner.name)
        owner.senders[sender.address] = sender
        return sender

    def add_api_key(self, account: Account | None = None) -> tuple[str, str]:
        """A standard API key as identifier and secret: may send, may not read the account."""
        return self._network.accounts.add_key(account or self.account)

    def add_service(self, sender: Sender | None = None) -> str:
        """A Messaging Service with one sender; returns its identifier."""
        chosen, sid = sender or self.sender, new_sid("MG")
        chosen.account.services[sid] = chosen
        return sid

    def add_template(
        self,
        name: str,
        body: str,
        *,
        account: Account | None = None,
        variables: Mapping[str, str] | None = None,
        kind: str = "twilio/text",
        buttons: Mapping[str, str] | None = None,
        rows: Sequence[Mapping[str, str]] = (),
        status: str = "approved",
    ) -> Template:
        """A content template with WhatsApp's word on it.

        `buttons` are titles of quick replies and their payloads, `rows` those of a list: `id`, `item`, `description`.
        """
        content: dict[str, object] = {"body": body}
        if buttons:
            content["actions"] = [{"type": "QUICK_REPLY", "title": title, "id": id_} for title, id_ in buttons.items()]
        if rows:
            content["items"] = [dict(row) for row in rows]
        template = Template(
            friendly_name=name,
            types={kind: content},
            created=self._network.clock(),
            variables=dict(variables or {}),
            approval=Approval(status, name, "UTILITY"),
        )
        (account or self.account).templates[template.sid] = template
        return template

    # --- what WhatsApp's network does ---

    def change_number(self, phone: Phone, number: str) -> None:
        """Let a person move to another number, which also changes the user id that businesses see."""
        self._network.people.change_number(phone, with_prefix(number).removeprefix("whatsapp:"))

    def hold_webhooks(self) -> None:
        """Let inbound webhooks wait; people can write on."""
        self._inbound.holding = True

    async def release_webhooks(self, *, backwards: bool = False) -> None:
        """Post what was held, in order or the last one first, and hold nothing any more."""
        self._inbound.holding = False
        await self._inbound.release(backwards=backwards)

    def _connected(self) -> Sender:
        """The default sender, unless only others have a webhook."""
        return self.sender if self.sender.webhook.callback_url else next(iter(self.account.connected), self.sender)

    # --- what there is to look at ---

    @property
    def webhook_calls(self) -> Sequence[WebhookCall]:
        """The latest webhooks and callbacks with the host's answers, oldest first."""
        return tuple(self._network.webhooks.calls)

    @property
    def alerts(self) -> Sequence[Alert]:
        """The console's debugger: what was wrong with the host's answers."""
        return tuple(self._network.alerts)

    @property
    def typed(self) -> deque[str]:
        """Identifiers of the inbound messages that typing was shown for."""
        return self._network.typed
