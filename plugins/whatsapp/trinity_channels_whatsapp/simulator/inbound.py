"""From a phone to the host: the log, the 24-hour window, the signed webhook and what its answer says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from trinity_channels_whatsapp.simulator import parameters, sandbox, twiml
from trinity_channels_whatsapp.simulator.accounts import Account, Sender
from trinity_channels_whatsapp.simulator.messages import Medium, Message
from trinity_channels_whatsapp.simulator.network import Alert, Network
from trinity_channels_whatsapp.simulator.outbound import Outbound
from trinity_channels_whatsapp.simulator.phones import Phone, Utterance
from trinity_channels_whatsapp.simulator.sids import SANDBOX_ADDRESS, new_sid
from trinity_channels_whatsapp.simulator.webhooks import WebhookCall

KEYWORDS = {"stop": "STOP", "start": "START", "help": "HELP"}
OPT_OUT_ANSWERS = {
    "STOP": "You have been unsubscribed. Reply START to resubscribe.",
    "START": "You are subscribed again. Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe.",
}


@dataclass(frozen=True, slots=True)
class Held:
    """A webhook that waits, because a test wants to see it late or out of order."""

    message: Message
    sender: Sender
    params: dict[str, str]
    token: str = field(default_factory=lambda: new_sid(""))


class Inbound:
    """Carries what people write. While `holding`, webhooks wait for `release`."""

    def __init__(self, network: Network, outbound: Outbound) -> None:
        self.holding = False
        self._held: list[Held] = []
        self._latest: Held | None = None
        self._network = network
        self._outbound = outbound

    def now(self) -> datetime:
        return self._network.clock()

    async def carry(self, phone: Phone, utterance: Utterance) -> None:
        """Log the message, open the window, tell the host; returns when the webhook has been answered."""
        sender = phone.chat
        if sender.address == SANDBOX_ADDRESS:
            await self._to_sandbox(phone, utterance)
        else:
            await self._to_host(phone, sender, utterance)

    async def release(self, *, backwards: bool = False) -> None:
        """Post the webhooks held back, in order or the last one first."""
        held, self._held = self._held, []
        # One after another: the order is what a test wants to see.
        for one in reversed(held) if backwards else held:
            await self._post(one)

    async def repeat(self) -> int:
        """Post the latest webhook once more, with the same idempotency token; returns the host's status, 0 for none."""
        if self._latest is None:
            raise LookupError("no message has been received yet")
        call = await self._call(self._latest)
        return call.answer.status_code if call.answer is not None else 0

    async def _to_sandbox(self, phone: Phone, utterance: Utterance) -> None:
        routing = sandbox.route(utterance.text, phone, self._network.accounts, self._network.clock)
        account = routing.account or phone.chat.account
        if not routing.notice:
            await self._to_host(phone, account.sandbox, utterance)
            return
        # Twilio answers joining and leaving itself and calls no webhook.
        message = self._message(phone, account.sandbox, utterance)
        message.acknowledged = True
        phone.bubbles.append(message)
        if routing.opens_window:
            phone.last_wrote[account.sandbox] = self.now()
        self._outbound.announce(account.sandbox, phone, routing.notice)

    async def _to_host(self, phone: Phone, sender: Sender, utterance: Utterance) -> None:
        message = self._message(phone, sender, utterance)
        phone.bubbles.append(message)
        # On the phone it looks sent; Twilio drops it.
        if sender.account.status != "active":
            return
        sender.account.messages.add(message)
        phone.last_wrote[sender] = self.now()
        # A business can write to a user id only after the person has written to it.
        self._network.people.disclose(phone, sender.account)
        if sender.advanced_opt_out and (keyword := KEYWORDS.get(utterance.text.strip().lower())):
            utterance = replace(utterance, fields={**utterance.fields, "OptOutType": keyword})
            self._opt_out(phone, sender, message.from_, keyword)
        params = parameters.inbound(message, phone, sender, utterance, self._network.base_url)
        held = Held(message, sender, params)
        if self.holding:
            self._held.append(held)
        else:
            await self._post(held)

    def _opt_out(self, phone: Phone, sender: Sender, address: str, keyword: str) -> None:
        if keyword == "STOP":
            sender.opted_out.add(address)
        elif keyword == "START":
            sender.opted_out.discard(address)
        self._outbound.announce(sender, phone, OPT_OUT_ANSWERS[keyword])

    async def _post(self, held: Held) -> None:
        webhook = held.sender.webhook
        if not webhook.callback_url:
            return
        self._latest = held
        for _ in range(2 if self._network.behaviour.duplicate_webhooks else 1):
            call = await self._call(held)
        if held.message.acknowledged or not webhook.fallback_url:
            return
        # Documented for SMS; what a WhatsApp fallback receives is not, so it is assumed to be the same.
        failed = {**held.params, "ErrorCode": "11200", "ErrorUrl": call.url}
        call = await self._network.webhooks.post(
            held.sender.account, webhook.fallback_url, failed, method=webhook.fallback_method
        )
        self._answered(held, call)

    async def _call(self, held: Held) -> WebhookCall:
        webhook = held.sender.webhook
        call = await self._network.webhooks.post(
            held.sender.account, webhook.callback_url, held.params, method=webhook.callback_method, token=held.token
        )
        self._answered(held, call)
        return call

    def _answered(self, held: Held, call: WebhookCall) -> None:
        reading = twiml.read(call.answer) if call.answer is not None else twiml.Reading(error_code=11200)
        if reading.error_code is not None:
            self._network.alerts.append(Alert(reading.error_code, call.url, held.message.sid))
        # Once is enough: a repeated webhook that fails takes nothing back.
        held.message.acknowledged |= not call.fault
        for text in reading.messages:
            reply = self._outbound.reply(held.sender, held.message.from_, text)
            self._network.background.start(self._outbound.carry(reply, held.sender))

    def _message(self, phone: Phone, sender: Sender, utterance: Utterance) -> Message:
        now = self.now()
        media = []
        if utterance.content_type:
            misses = self._network.behaviour.media_missing
            media.append(Medium(utterance.content_type, utterance.data, now, misses))
        return Message(
            sid=new_sid("MM" if media else "SM"),
            account_sid=sender.account.sid,
            from_=phone.address_for(sender.account),
            to=sender.address,
            body=utterance.text,
            shown=utterance.text,
            direction="inbound",
            status="received",
            created=now,
            updated=now,
            sent=now,
            media=media,
            service_sid=_service(sender.account, sender),
            place=utterance.place,
        )


def _service(account: Account, sender: Sender) -> str | None:
    return next((sid for sid, attached in account.services.items() if attached is sender), None)
