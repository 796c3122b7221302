"""Does WhatsApp deliver a message that Twilio took? Decided here, told later by status callback."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from trinity_channels_whatsapp.simulator.accounts import Sender
from trinity_channels_whatsapp.simulator.messages import Message
from trinity_channels_whatsapp.simulator.phones import Phone
from trinity_channels_whatsapp.simulator.templates import MAX_TEXT, SESSION_ONLY, Template

WINDOW = timedelta(hours=24)
SANDBOX_PACE = timedelta(seconds=3)

# What a template answers outside the window, by its approval. https://www.twilio.com/docs/api/errors
UNAPPROVED = {"rejected": 63040, "paused": 63041, "disabled": 63042}

# Values that WhatsApp refuses in a placeholder. https://www.twilio.com/docs/api/errors/63013
BAD_VALUE = re.compile(r"[\n\t]| {5,}")


def failure(message: Message, sender: Sender, phone: Phone | None, now: datetime) -> int | None:
    """The code with which `message` fails; None if it arrives."""
    # From the account to the person: the first reason is the one that Twilio reports.
    if sender.account.status != "active":
        return 30002
    if sender.sandbox and (code := _sandbox(sender, phone, now)) is not None:
        return code
    if phone is None:
        return 63003
    # What a test asked for comes before the rules below.
    if phone.refuse_with is not None:
        return phone.refuse_with
    if message.template is not None:
        return _template(message.template, message, in_window=_in_window(phone, sender, now))
    return None if _in_window(phone, sender, now) else 63016


def _in_window(phone: Phone, sender: Sender, now: datetime) -> bool:
    wrote = phone.last_wrote.get(sender)
    return wrote is not None and now - wrote < WINDOW


def _sandbox(sender: Sender, phone: Phone | None, now: datetime) -> int | None:
    if phone is None or phone.sandbox_account(now) is not sender.account:
        return 63015
    # The sandbox's limit is for the number as a whole, not for each person.
    if sender.last_sent is not None and now - sender.last_sent < SANDBOX_PACE:
        return 63018
    # Only what is let through counts, so that a refused message does not put off the next one.
    sender.last_sent = now
    return None


def _template(template: Template, message: Message, *, in_window: bool) -> int | None:
    if any(BAD_VALUE.search(value) for value in message.variables.values()):
        return 63013
    if len(message.shown) > MAX_TEXT:
        return 63021
    # Within the window a template needs no approval. https://www.twilio.com/docs/whatsapp/key-concepts
    if in_window:
        return None
    if template.approval.status != "approved" or template.kind in SESSION_ONLY:
        return UNAPPROVED.get(template.approval.status, 63016)
    return None
