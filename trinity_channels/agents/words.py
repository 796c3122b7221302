"""Parts of a message in words, for runtimes that take text. One part may be several lines.

What someone wrote or chose stands in quotation marks, as a JSON string, or behind the first colon outside of them, to the
end. So no file name, label or payload can finish our sentence with one of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trinity_channels.agents.json_line import json_line
from trinity_channels.api import Attachment, Button, Forwarded, Location, Note, NoteKind, Part, Quoted

UNSUPPORTED = "sent something that cannot be shown here"
NOT_THEIRS = "not the sender's own words"
# No spaces, so that a type chosen by a sender cannot go on as a sentence.
_TYPE = re.compile(r"(?a:[\w.+/-]{1,100})")


def notes(parts: Sequence[Part]) -> tuple[str, ...]:
    """What came with a text, a sentence for each part that has something to tell."""
    return tuple(words for part in parts if (words := describe(part)))


def in_words(text: str, parts: Sequence[Part]) -> str:
    """A whole message as a person reads it: its text, and below it what came with it."""
    return "\n".join([text, *notes(parts)]).strip()


def describe(part: Part) -> str:
    """One part as a sentence without subject; empty if it has no content."""
    match part:
        case Location():
            place = ", ".join(_json(text) for text in (part.label, part.address) if text)
            return f"shared a location: {part.latitude}, {part.longitude}" + f" ({place})" * bool(place)
        case Attachment():
            name = f" named {_json(part.name)}" if part.name else ""
            return f"sent a file of type {_type(part.media_type)}{name}, which was not fetched"
        case Button():
            return f"tapped a button with the payload {_json(part.payload)}" if part.payload else ""
        case Quoted():
            return _quoted(part)
        case Forwarded():
            author = f" from {_json(part.author)}" if part.author else ""
            return f"forwarded{author}: {part.text or NOT_THEIRS}"
        case Note():
            return _NOTES[part.kind](part.data)


def _quoted(part: Quoted) -> str:
    # Whose words they are comes first: after the words, the words themselves could claim it.
    if part.by_agent:
        whose = "a message that you wrote"
    else:
        whose = (
            f"a message by someone called {_json(' '.join(part.author.split()))}"
            if part.author
            else "an earlier message"
        )
    return f"answers {whose}: {part.text}" if part.text else f"answers {whose}"


def _form(data: Mapping[str, Any]) -> str:
    title = f" called {_json(data['title'])}" if data.get("title") else ""
    return f"answered a form{title}: {_as_given(data.get('answers', ''))}"


def _choice(data: Mapping[str, Any]) -> str:
    description = f" ({_json(data['description'])})" if data.get("description") else ""
    return f"chose the list row {_json(data.get('id') or data.get('title', ''))}{description}"


def _order(data: Mapping[str, Any]) -> str:
    text = f" {data['text']}" if data.get("text") else ""
    return f"ordered: {_as_given(data.get('items', []))}{text}"


def _referral(data: Mapping[str, Any]) -> str:
    return f"came from an advertisement or link: {_listed(data, 'headline', 'text', 'url', 'source')}"


def _contact(data: Mapping[str, Any]) -> str:
    card = f"\n{data['card']}" if data.get("card") else ""
    return f"shared a contact: {_listed(data, 'name', 'phone')}{card}"


def _shared(data: Mapping[str, Any]) -> str:
    return f"picked: {', '.join(map(str, data.get('names', ())))}"


def _poll(data: Mapping[str, Any]) -> str:
    options = (f"- {one}" for one in data.get("options", ()))
    return "\n".join([f"sent a poll: {_listed(data, 'question', 'text')}", *options])


_CHECKLISTS = {"added": "added tasks to the checklist", "marked": "marked tasks of the checklist"}


def _checklist(data: Mapping[str, Any]) -> str:
    what = _CHECKLISTS.get(str(data.get("event")), "sent a checklist")
    tasks = (f"- [{'x' if task.get('done') else ' '}] {task.get('text', '')}" for task in data.get("tasks", ()))
    return "\n".join([f"{what}: {data.get('title', '')}".rstrip(), *tasks])


def _story(data: Mapping[str, Any]) -> str:
    author = f" of {_json(data['author'])}" if data.get("author") else ""
    return f"sent a story{author}, which cannot be shown here"


def _game(data: Mapping[str, Any]) -> str:
    return f"sent a game: {_listed(data, 'title', 'text')}"


def _web_app(data: Mapping[str, Any]) -> str:
    button = f" (button {_json(data['button'])})" if data.get("button") else ""
    return f"sent data from a web app{button}: {data.get('data', '')}"


_PAYMENTS = {"invoice": "sent an invoice", "paid": "paid", "paid_media": "sent media that cost"}


def _payment(data: Mapping[str, Any]) -> str:
    what = _PAYMENTS.get(str(data.get("event")), "sent a payment or paid content")
    price = " ".join(_type(data[name]) for name in ("amount", "currency") if data.get(name))
    fact = f"{what} ({price})" if price else what
    named = _listed(data, "title", "text")
    return f"{fact}: {named}" if named else fact


def _card(data: Mapping[str, Any]) -> str:
    text = str(data.get("text") or "")
    if "\n" not in text:
        return f"with it: {_listed(data, 'title', 'text', 'url')}"
    return f"with it: {_listed(data, 'title', 'url')}".rstrip() + f"\n{text}"


def _other(data: Mapping[str, Any]) -> str:
    return str(data.get("text", ""))


def _unsupported(data: Mapping[str, Any]) -> str:
    return UNSUPPORTED + (f" (of type {_type(data['type'])})" if data.get("type") else "")


_NOTES: dict[NoteKind, Callable[[Mapping[str, Any]], str]] = {
    NoteKind.FORM: _form,
    NoteKind.CHOICE: _choice,
    NoteKind.ORDER: _order,
    NoteKind.REFERRAL: _referral,
    NoteKind.CONTACT: _contact,
    NoteKind.SHARED: _shared,
    NoteKind.POLL: _poll,
    NoteKind.CHECKLIST: _checklist,
    NoteKind.STORY: _story,
    NoteKind.GAME: _game,
    NoteKind.WEB_APP: _web_app,
    NoteKind.PAYMENT: _payment,
    NoteKind.CARD: _card,
    NoteKind.OTHER: _other,
    NoteKind.UNSUPPORTED: _unsupported,
}


def _listed(data: Mapping[str, Any], *names: str) -> str:
    return ", ".join(str(data[name]) for name in names if data.get(name))


def _json(value: object) -> str:
    return json_line(value, compact=True)


def _type(value: object) -> str:
    """The name of a type, which needs no quotation marks as long as it is one word."""
    return str(value) if _TYPE.fullmatch(str(value)) else _json(str(value))


def _as_given(value: object) -> str:
    return value if isinstance(value, str) else _json(value)
