"""What came with the text of a message: files, a place, a button, the message it answers.

https://www.twilio.com/docs/messaging/guides/webhook-request. On the path of every message, hence plain string work.
"""

from __future__ import annotations

from itertools import count, takewhile

from trinity_channels.api import Attachment, Button, Forwarded, Location, MessageReceived, Note, NoteKind, Quoted
from trinity_channels_whatsapp.signature import SignedForm

UNKNOWN_TYPE = "application/octet-stream"


def text(form: SignedForm) -> str:
    """What the person said: their words, or those of the button or list row that they chose."""
    # A tap usually repeats its label in Body.
    return form.first("Body") or form.first("ButtonText") or form.first("ListTitle")


def attachments(form: SignedForm) -> tuple[Attachment, ...]:
    """Every file that has an address. `NumMedia` is not needed to find them."""
    if "MediaUrl0" not in form:
        return ()
    urls = takewhile(bool, (form.first(f"MediaUrl{index}") for index in count()))
    return tuple(
        Attachment(ref=url, media_type=form.first(f"MediaContentType{index}") or UNKNOWN_TYPE)
        for index, url in enumerate(urls)
    )


def location(form: SignedForm) -> Location | None:
    """Read a shared place; None for coordinates that are not on Earth."""
    if "Latitude" not in form or "Longitude" not in form:
        return None
    latitude, longitude = _degrees(form.first("Latitude"), 90), _degrees(form.first("Longitude"), 180)
    if latitude is None or longitude is None:
        return None
    return Location(latitude, longitude, label=form.first("Label"), address=form.first("Address"))


def _degrees(value: str, limit: int) -> float | None:
    try:
        degrees = float(value)
    except ValueError:
        return None
    return degrees if abs(degrees) <= limit else None  # also None for nan


def button(form: SignedForm) -> Button | None:
    """Read the tapped quick reply of a template."""
    label, payload = form.first("ButtonText"), form.first("ButtonPayload")
    return Button(label, payload) if label or payload else None


def quoted(form: SignedForm) -> Quoted | None:
    """Name the message that is answered; Twilio tells its id, for seven days, and who sent it, but not its words."""
    sid = form.first("OriginalRepliedMessageSid")
    if not sid:
        return None
    return Quoted(provider_id=sid, by_agent=form.first("OriginalRepliedMessageSender") == form.first("To"))


def forwarded(form: SignedForm) -> Forwarded | None:
    """Tell whether another person wrote it; WhatsApp does not say who."""
    # Twilio also sends an explicit "false", so that the presence of a field says nothing.
    marks = (form.first("Forwarded").lower(), form.first("FrequentlyForwarded").lower())
    return Forwarded() if "true" in marks else None


def unread(form: SignedForm, message: MessageReceived) -> tuple[Note, ...]:
    """Stand for what could not be read, be it a part of the message or all of it, with Twilio's word for its kind."""
    files = form.first("NumMedia")
    # WhatsApp has at most one file to a message; three digits keep int() short whatever the field holds.
    lost_file = files.isascii() and files.isdigit() and int(files[:3]) > len(message.attachments)
    lost_place = message.location is None and "Latitude" in form
    # What a message answers, and that it was forwarded, is about words that are there.
    says = message.text or message.attachments or message.location or message.button or message.notes
    if says and not lost_file and not lost_place:
        return ()
    kind = form.first("MessageType")
    # MessageType is undocumented; "text" says nothing about what is missing.
    return (Note(NoteKind.UNSUPPORTED, {"type": kind} if kind and kind != "text" else {}),)
