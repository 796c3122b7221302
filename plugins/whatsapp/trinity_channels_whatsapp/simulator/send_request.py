"""A sending request read and checked, with the codes Twilio answers a faulty one with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from trinity_channels_whatsapp.simulator import callbacks, schedule
from trinity_channels_whatsapp.simulator.accounts import Account, Sender
from trinity_channels_whatsapp.simulator.behaviour import Behaviour
from trinity_channels_whatsapp.simulator.problems import Problem
from trinity_channels_whatsapp.simulator.sids import BSUID, E164, PREFIX
from trinity_channels_whatsapp.simulator.templates import Template

MAX_BODY = 1600
MAX_MEDIA = 1
"""A WhatsApp message has one file; ten are the limit of MMS. https://www.twilio.com/docs/whatsapp/guidance-whatsapp-media-messages"""

Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class SendRequest:
    """What an account wants sent. `text` is the body as people will see it."""

    sender: Sender
    to: str
    text: str
    service_sid: str | None = None
    status_callback: str | None = None
    media_urls: tuple[str, ...] = ()
    template: Template | None = None
    variables: Mapping[str, str] | None = None
    send_at: datetime | None = None


def read(form: Form, account: Account, behaviour: Behaviour, now: datetime) -> SendRequest:
    """Turn the form of `POST Messages.json` into what is wanted.

    Raises:
        Problem: with the code of the first thing that is wrong.
    """
    to, service_sid = _one(form, "To"), _one(form, "MessagingServiceSid")
    if not to:
        raise Problem(21604)
    sender = _sender(account, _one(form, "From"), service_sid)
    _check_recipient(to, sender, bsuid_sending=behaviour.bsuid_sending)
    template, variables = _content(form, account)
    text = template.text(variables) if template else _one(form, "Body")
    media_urls = _media(form)
    if not text.strip() and not media_urls and template is None:
        raise Problem(21602)
    # Twilio does not say whether it counts code points; the strictest count in use finds the most senders at fault.
    if template is None and len(text.encode("utf-16-le")) // 2 > MAX_BODY:
        raise Problem(21617)
    if callback := _one(form, "StatusCallback"):
        callbacks.check(callback, local=behaviour.local_callbacks)
    schedule.check_validity(_one(form, "ValidityPeriod"))
    return SendRequest(
        sender=sender,
        to=to,
        text=text,
        service_sid=service_sid or None,
        status_callback=callback or None,
        media_urls=media_urls,
        template=template,
        variables=variables,
        send_at=schedule.send_at(form, now),
    )


def _one(form: Form, name: str) -> str:
    values = form.get(name)
    return values[0] if values else ""


def _sender(account: Account, address: str, service_sid: str) -> Sender:
    service = account.services.get(service_sid)
    if service_sid and service is None:
        raise Problem(21705, service_sid)
    if not address:
        if service is None:
            raise Problem(21603)
        return service
    # ONLINE:UPDATING sends too.
    if (sender := account.senders.get(address)) is not None and sender.status.startswith("ONLINE"):
        return sender
    if not address.startswith(PREFIX):
        raise Problem(21606 if E164.fullmatch(address) else 21212, address)
    raise Problem(63007 if E164.fullmatch(address.removeprefix(PREFIX)) else 21212, address)


def _check_recipient(to: str, sender: Sender, *, bsuid_sending: bool) -> None:
    if not to.startswith(PREFIX):
        raise Problem(21910 if E164.fullmatch(to) else 21211, to)
    if to == sender.address:
        raise Problem(63031)
    bare = to.removeprefix(PREFIX)
    if not (E164.fullmatch(bare) or (bsuid_sending and BSUID.fullmatch(bare))):
        raise Problem(21211, to)
    if to in sender.opted_out:
        raise Problem(21610)


def _content(form: Form, account: Account) -> tuple[Template | None, dict[str, str]]:
    content_sid, raw = _one(form, "ContentSid"), _one(form, "ContentVariables")
    if not content_sid:
        if raw:
            raise Problem(21654)
        return None, {}
    if (template := account.templates.get(content_sid)) is None:
        raise Problem(21655, content_sid)
    try:
        variables = json.loads(raw or "{}")
    except ValueError:
        raise Problem(21656) from None
    if not isinstance(variables, dict) or not all(isinstance(value, str) for value in variables.values()):
        raise Problem(21656)
    return template, variables


def _media(form: Form) -> tuple[str, ...]:
    urls = tuple(form.get("MediaUrl", ()))
    if len(urls) > MAX_MEDIA:
        raise Problem(21623)
    if not all(url.startswith(("http://", "https://")) for url in urls):
        raise Problem(21620)
    return urls
