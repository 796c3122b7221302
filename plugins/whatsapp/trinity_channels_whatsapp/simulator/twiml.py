"""What a webhook's answer makes Twilio do: nothing, say something, or note a fault in the debugger."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree as ET

import httpx

MAX_BYTES = 64 * 1024

# What each content type does. https://www.twilio.com/docs/messaging/twiml#twilio-understands-mime-types
XML_TYPES = frozenset({"text/xml", "application/xml", "text/html"})
KNOWN = frozenset({"Message", "Redirect"})


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer understood: texts to send back, and the debugger's code for what is wrong with it.

    Codes: https://www.twilio.com/docs/api/errors (11200 status, 11750 size, 12100 not well-formed, 12200 unknown verbs,
    12300 content type).
    """

    messages: tuple[str, ...] = ()
    error_code: int | None = None


def read(answer: httpx.Response) -> Reading:
    """Read a webhook's answer as Twilio does."""
    if not answer.is_success:
        return Reading(error_code=11200)
    # An empty answer means "say nothing" whatever its type; Twilio recommends it for slow work (error 11200's page).
    if not answer.content:
        return Reading()
    if len(answer.content) > MAX_BYTES:
        return Reading(error_code=11750)
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == "text/plain":
        # Plain text is sent to the person as it stands, which is how "OK" answers reach people by accident.
        return Reading((answer.text,))
    if media_type not in XML_TYPES:
        return Reading(error_code=12300)
    return _document(answer.content)


def _document(content: bytes) -> Reading:
    try:
        root = ET.fromstring(content)  # noqa: S314 -- the answer of a host that runs on this machine
    except ET.ParseError:
        return Reading(error_code=12100)
    if root.tag != "Response":
        return Reading(error_code=12100)
    texts = tuple(_text(one) for one in root if one.tag == "Message")
    return Reading(texts, None if all(one.tag in KNOWN for one in root) else 12200)


def _text(message: ET.Element) -> str:
    body = message.find("Body")
    return ((message if body is None else body).text or "").strip()
