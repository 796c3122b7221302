"""What a person chose, filled in or ordered, and the advertisement they came from.

Lists and Flows: https://www.twilio.com/docs/messaging/guides/webhook-request, advertisements:
https://www.twilio.com/docs/whatsapp/api/click-to-whatsapp-ads, orders: https://www.twilio.com/docs/content/twilio-catalog,
which does not name their fields; every field that begins like one is taken.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from trinity_channels.api import Note, NoteKind
from trinity_channels_whatsapp.signature import SignedForm

_ORDER = ("Order", "Product", "Catalog", "Cart")
_ITEMS = ("product_items", "items")
# A message that has none of these holds at most an order. Not ReferralNumMedia: every message has it.
_MARKS = frozenset(
    {"ListId", "ListTitle", "ListDescription", "FlowData", "InteractiveData"}
    | {"ReferralHeadline", "ReferralBody", "ReferralSourceUrl", "ReferralSourceType", "ReferralSourceId"}
)
_DEEPEST = 20
"""Levels of JSON that are read; nothing that people fill in has more, and what reads it later has limits of its own."""


def notes(form: SignedForm) -> tuple[Note, ...]:
    """Return a note for each of these that a message holds."""
    # A plain text is spared the search through its thirty field names.
    orders = () if form.first("MessageType") == "text" else _orders(form)
    if form.keys().isdisjoint(_MARKS):
        return tuple(orders)
    return (*_choices(form), *_forms(form), *orders, *_referrals(form))


def _choices(form: SignedForm) -> Iterator[Note]:
    row = _named(form, id="ListId", title="ListTitle", description="ListDescription")
    if row:
        yield Note(NoteKind.CHOICE, row)


def _forms(form: SignedForm) -> Iterator[Note]:
    """Read the answers of a Flow. What the envelope around them holds besides is told too."""
    answers, envelope = _json(form.first("FlowData")), _json(form.first("InteractiveData"))
    match envelope:
        # Twilio's documents show FlowData; what Meta sends can come through unchanged.
        case {"nfm_reply": {"response_json": str() as inner}}:  # Meta's shape
            answers, envelope = answers or _json(inner), ""
        case {"type": _, **more}:
            envelope = more
    if answers in (None, ""):
        if not envelope or form.first("ButtonPayload") or form.first("ListId"):  # these repeat what it holds
            return
        answers, envelope = envelope, ""
    yield Note(NoteKind.FORM, {"answers": answers})
    if envelope:
        yield Note(NoteKind.OTHER, {"text": f"sent with it: {_written(envelope)}"})


def _orders(form: SignedForm) -> Iterator[Note]:
    items: list[Any] = []
    words: list[str] = []
    for name in [name for name in form if name.startswith(_ORDER)]:
        goods, rest = _divided(name, _json(form.first(name)))
        items += goods
        words += [
            _written(value) if key.lower().endswith("text") else f"{key}: {_written(value)}" for key, value in rest
        ]
    if items or words:
        yield Note(NoteKind.ORDER, {"items": items, "text": ", ".join(words)})


def _divided(name: str, value: Any) -> tuple[list[Any], list[tuple[str, Any]]]:
    """Divide a field of an order into its goods and the rest by name."""
    if isinstance(value, list):
        return value, []
    if not isinstance(value, dict):
        value = {name: value}
    goods: list[Any] = next((value[key] for key in _ITEMS if isinstance(value.get(key), list)), [])
    return goods, [(key, held) for key, held in value.items() if held is not goods and held not in (None, "")]


def _referrals(form: SignedForm) -> Iterator[Note]:
    said = _named(form, headline="ReferralHeadline", text="ReferralBody", url="ReferralSourceUrl")
    source = " ".join(filter(None, (form.first("ReferralSourceType"), form.first("ReferralSourceId"))))
    if said or source:
        yield Note(NoteKind.REFERRAL, said | ({"source": source} if source else {}))


def _named(form: SignedForm, **names: str) -> dict[str, object]:
    return {key: value for key, name in names.items() if (value := form.first(name))}


def _json(text: str) -> Any:
    """Read JSON; what is none stays text."""
    try:
        # NaN and numbers beyond a float's range would not be JSON when written again.
        value = json.loads(text, parse_constant=str, parse_float=_float) if text else ""
    except (ValueError, RecursionError):
        return text
    return text if _is_deeper(value, _DEEPEST) else value


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(one, levels - 1) for one in inner)


def _float(digits: str) -> float | str:
    number = float(digits)
    return digits if math.isinf(number) else number


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
