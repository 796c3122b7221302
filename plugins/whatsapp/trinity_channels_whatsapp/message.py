"""The Message resource: https://www.twilio.com/docs/messaging/api/message-resource#message-properties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from trinity_channels.api import DeliveryState, Receipt
from trinity_channels_whatsapp.codes import failure_of
from trinity_channels_whatsapp.fields import Fields, inner, number, text
from trinity_channels_whatsapp.states import STATES


def receipt_of(resource: Fields) -> Receipt:
    """How far one got, just created or listed; its id is blank if Twilio gave none that can be used."""
    # A status that is not known yet still comes with a sid: the message was taken.
    state = STATES.get(text(resource, "status"), DeliveryState.QUEUED)
    failure = failure_of(str(number(resource, "error_code") or "")) if state is DeliveryState.FAILED else None
    sid = resource.get("sid")
    return Receipt(sid if isinstance(sid, str) and sid.isprintable() else "", state, failure)


@dataclass(frozen=True, slots=True)
class Message:
    """What we read of a listed one; blank or None where Twilio said nothing usable.

    `created` and `sent` are in UTC, to the second; a message that still queues has no `sent`. `files` is the path of
    the list of its files.
    """

    receipt: Receipt
    direction: str
    sender: str
    to: str
    body: str
    files: str
    created: datetime | None
    sent: datetime | None

    @classmethod
    def read(cls, resource: Fields) -> Message:
        """Read one."""
        return cls(
            receipt=receipt_of(resource),
            direction=text(resource, "direction"),
            sender=text(resource, "from"),
            to=text(resource, "to"),
            body=text(resource, "body"),
            # Every message names the list of its files, also one without any.
            files=text(inner(resource, "subresource_uris"), "media") if number(resource, "num_media") else "",
            created=_time(resource, "date_created"),
            sent=_time(resource, "date_sent"),
        )

    @property
    def sid(self) -> str:
        """Its id."""
        return self.receipt.provider_id


def _time(resource: Fields, name: str) -> datetime | None:
    """Read a date of RFC 2822; Twilio's are GMT."""
    value = text(resource, name)
    if not value:
        return None
    try:
        at = parsedate_to_datetime(value)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    # `parsedate_to_datetime` raises each of these for some malformed date.
    except (IndexError, OverflowError, TypeError, ValueError):
        return None
