"""From a taken message to a phone: its outcome, its statuses, and the callbacks that tell them."""

from __future__ import annotations

import asyncio
import mimetypes
from datetime import datetime
from urllib.parse import urlsplit

from trinity_channels_whatsapp.simulator.accounts import Sender
from trinity_channels_whatsapp.simulator.delivery_outcome import failure
from trinity_channels_whatsapp.simulator.messages import Medium, Message
from trinity_channels_whatsapp.simulator.network import Network
from trinity_channels_whatsapp.simulator.phones import Phone
from trinity_channels_whatsapp.simulator.problems import FAILURES, UNKNOWN_FAILURE
from trinity_channels_whatsapp.simulator.send_request import SendRequest
from trinity_channels_whatsapp.simulator.sids import PREFIX, new_sid

CONCURRENT = 32
"""How many messages have their callbacks posted at once."""


class Outbound:
    """Takes messages for people and carries them."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._slots = asyncio.Semaphore(CONCURRENT)
        self._scheduled: list[tuple[Message, Sender]] = []

    def take(self, request: SendRequest) -> Message:
        """Keep a message and show it on its way; `carry` does the rest."""
        message = self._message(request.sender, request.to, request.text, "outbound-api")
        # A service accepts first and chooses a sender later, which the status tells.
        message.status = "scheduled" if request.send_at else "accepted" if request.service_sid else "queued"
        message.send_at = request.send_at
        message.service_sid = request.service_sid
        message.status_callback = request.status_callback
        message.media_urls = request.media_urls
        message.media = [_medium(url, message.created) for url in request.media_urls]
        message.template = request.template
        message.variables = dict(request.variables or {})
        request.sender.account.messages.add(message)
        if request.send_at is None:
            self._show(message, request.sender)
        else:
            self._scheduled.append((message, request.sender))
        return message

    def _show(self, message: Message, sender: Sender) -> None:
        if (phone := self._network.people.find(sender.account, message.to)) is not None:
            phone.bubbles.append(message)

    def release_due(self) -> None:
        """Send what was scheduled for now or earlier, unless it has been canceled.

        Nothing advances automatically: this is called when the clock is moved and when the API is asked.
        """
        now = self._network.clock()
        waiting, self._scheduled = self._scheduled, []
        for message, sender in waiting:
            if message.send_at is not None and message.send_at > now:
                self._scheduled.append((message, sender))
            elif message.status == "scheduled":
                self._show(message, sender)
                self._network.background.start(self.carry(message, sender))

    def reply(self, sender: Sender, to: str, text: str) -> Message:
        """Take what a webhook's TwiML says."""
        message = self.take(SendRequest(sender, to, text))
        message.direction = "outbound-reply"
        return message

    def announce(self, sender: Sender, phone: Phone, text: str) -> None:
        """Twilio's own words, such as the sandbox's; they are in no account's log."""
        message = self._message(sender, phone.address_for(sender.account), text, "outbound-reply")
        message.status = "delivered"
        phone.bubbles.append(message)

    async def carry(self, message: Message, sender: Sender) -> None:
        """Decide what becomes of `message`, then tell every status it took."""
        phone = self._network.people.find(sender.account, message.to)
        steps = self._steps(message, sender, phone)
        url = message.status_callback or sender.webhook.status_callback_url
        if not url or not self._network.behaviour.receipts:
            return
        user_id = self._network.people.disclose(phone, sender.account) if phone and phone.has_user_id else ""
        calls = [_callback(message, status, user_id) for status in steps]
        if self._network.behaviour.reverse_callbacks:
            calls.reverse()
        # Bounded, or a load test would open as many connections as it sends messages.
        async with self._slots:
            for params in calls:
                # One after another: only where a test asks for it does their order change.
                for _ in range(2 if self._network.behaviour.duplicate_callbacks else 1):
                    await self._network.webhooks.post(sender.account, url, params)

    def _steps(self, message: Message, sender: Sender, phone: Phone | None) -> list[str]:
        now = self._network.clock()
        # There is no callback for the initial status, which is "queued" only without a Messaging Service.
        steps = ["queued"] if message.service_sid else []
        message.error_code = failure(message, sender, phone, now)
        if phone is None or message.error_code is not None:
            steps.append(FAILURES.get(message.error_code or 0, UNKNOWN_FAILURE)[0])
        else:
            steps += ["sent", "delivered", "read"] if phone.read_receipts else ["sent", "delivered"]
            phone.receive()
        for status in steps:
            message.move(status, now)
        return steps

    def _message(self, sender: Sender, to: str, text: str, direction: str) -> Message:
        now = self._network.clock()
        return Message(
            sid=new_sid("SM"),
            account_sid=sender.account.sid,
            from_=sender.address,
            to=to,
            body=text,
            shown=text,
            direction=direction,
            status="queued",
            created=now,
            updated=now,
        )


def _medium(url: str, now: datetime) -> Medium:
    return Medium(mimetypes.guess_type(urlsplit(url).path)[0] or "application/octet-stream", b"", now, source=url)


def _callback(message: Message, status: str, user_id: str) -> dict[str, str]:
    """Parameters of one status callback.

    https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
    """
    params = {
        "AccountSid": message.account_sid,
        "ApiVersion": "2010-04-01",
        "ChannelInstallSid": "XE" + message.account_sid.removeprefix("AC"),
        "ChannelPrefix": "whatsapp",
        "ChannelToAddress": message.to.removeprefix(PREFIX),
        "From": message.from_,
        "MessageSid": message.sid,
        "MessageStatus": status,
        "SmsSid": message.sid,
        "SmsStatus": status,
        "To": message.to,
    }
    if message.service_sid:
        params["MessagingServiceSid"] = message.service_sid
    # User ids come with these two only. https://www.twilio.com/docs/whatsapp/key-concepts
    if status in {"delivered", "read"}:
        params["EventType"] = status.upper()
        if user_id:
            params["ExternalUserId"] = PREFIX + user_id
    if status in {"failed", "undelivered"} and message.error_code is not None:
        text = FAILURES.get(message.error_code, UNKNOWN_FAILURE)[1]
        params |= {"ErrorCode": str(message.error_code), "ErrorMessage": text, "ChannelStatusMessage": text}
    return params
