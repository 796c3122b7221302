"""Escalation contacts: how a person reaches a human being instead of the agent. An e-mail, a phone number or a link."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import HttpUrl, TypeAdapter, ValidationError

from trinity_channels.email_address import normalise_email

LONGEST = 500
_URL = TypeAdapter(HttpUrl)


class ContactKind(StrEnum):
    """How a human being is reached."""

    EMAIL = "email"
    PHONE = "phone"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class EscalationContact:
    """Where a human being is reached, as people are shown it."""

    kind: ContactKind
    value: str


def parse_escalation_contact(text: str) -> EscalationContact:
    """Read an escalation contact; `mailto:` and `tel:` are understood and left out.

    Raises:
        ValueError: it is not one of the three. The sentence says what to write and does not quote the text.
    """
    text = text.strip()
    lowered = text.lower()
    if not text.isprintable() or len(text) > LONGEST:
        raise ValueError(f"must be one line of at most {LONGEST} characters")
    if lowered.startswith(("http://", "https://")):
        return EscalationContact(ContactKind.LINK, _link(text))
    if "@" in text:
        return EscalationContact(
            ContactKind.EMAIL, normalise_email(text[7:] if lowered.startswith("mailto:") else text)
        )
    return EscalationContact(ContactKind.PHONE, _phone(text[4:] if lowered.startswith("tel:") else text))


def normalise_escalation_contact(text: str) -> str:
    """Check an escalation contact and return it in the spelling that people are shown; errors as in `parse_…`."""
    return parse_escalation_contact(text).value


def _link(text: str) -> str:
    try:
        url = _URL.validate_python(text)
    except ValidationError:
        raise ValueError("must be a link such as https://example.org/contact; this one cannot be read") from None
    # It is shown to everyone who asks for /human.
    if url.username or url.password:
        raise ValueError("must be a link without a user or password")
    return str(url)


def _phone(text: str) -> str:
    import phonenumbers  # noqa: PLC0415  30 ms and some megabytes, for those who give a number

    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        number = None
    # Possible, not valid: lists of assigned numbers are out of date somewhere.
    if number is None or not phonenumbers.is_possible_number(number):
        raise ValueError(
            "must be an e-mail address, a phone number with its country code such as +49 30 1234567, or a link that "
            "starts with https://"
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
