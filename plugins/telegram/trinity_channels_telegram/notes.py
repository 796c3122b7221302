"""What a message holds that is neither text nor a file nor a place, as notes for the agent.

https://core.telegram.org/bots/api#message: each field below is the address's anchor without its underscores.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from trinity_channels.api import Note, NoteKind
from trinity_channels_telegram.fields import Fields, inner, objects, text, texts, whole, wholes
from trinity_channels_telegram.formatting import words
from trinity_channels_telegram.money import money
from trinity_channels_telegram.senders import name_of

Data = dict[str, object]
Reader = Callable[[Fields], Data]

STARS = "XTR"
"""The currency of Telegram Stars: https://core.telegram.org/bots/payments-stars."""

_MOST_BUTTONS = 20


def notes(message: Fields) -> tuple[Note, ...]:
    """What there is to tell, in the order of the table; kinds that hold nothing are left out."""
    return (*_of_table(message), *_links(message))


def _of_table(message: Fields) -> Iterator[Note]:
    # This is on the path of every message, and most are plain text.
    if READERS.keys().isdisjoint(message):
        return
    for field, (kind, read) in READERS.items():
        if field in message and (data := _filled(read(inner(message, field)))):
            yield Note(kind, data)


def _filled(data: Mapping[str, object]) -> Data:
    return {name: value for name, value in data.items() if value not in ("", None, [], {})}


def _contact(contact: Fields) -> Data:
    return {"name": name_of(contact), "phone": text(contact, "phone_number"), "card": text(contact, "vcard")}


def _users(shared: Fields) -> Data:
    # Names are there only if the bot asked for them.
    named = (name_of(user) or _numbered("user", user, "user_id") for user in objects(shared, "users"))
    return {"names": [*filter(None, named)] or [f"user {one}" for one in wholes(shared, "user_ids")]}


def _user(shared: Fields) -> Data:  # before Bot API 7.0
    return {"names": [one] if (one := _numbered("user", shared, "user_id")) else []}


def _chat(shared: Fields) -> Data:
    named = name_of(shared) or _numbered("chat", shared, "chat_id")
    return {"names": [named] if named else []}


def _numbered(what: str, fields: Fields, name: str) -> str:
    number = whole(fields, name)
    return "" if number is None else f"{what} {number}"


def _poll(poll: Fields) -> Data:
    return {
        "question": words(poll, "question", "question_entities"),
        "options": [words(option, "text", "text_entities") for option in objects(poll, "options")],
        "text": words(poll, "description", "description_entities")
        or words(poll, "explanation", "explanation_entities"),
    }


def _checklist(checklist: Fields) -> Data:
    return {
        "title": words(checklist, "title", "title_entities"),
        "tasks": [_task(task) for task in objects(checklist, "tasks")],
    }


def _task(task: Fields) -> Data:
    done = bool(whole(task, "completion_date")) or "completed_by_user" in task or "completed_by_chat" in task
    return {"text": words(task, "text", "text_entities"), "done": done}


def _tasks_added(added: Fields) -> Data:
    tasks = [_task(task) for task in objects(added, "tasks")]
    return {"event": "added", "title": _title_of(added), "tasks": tasks} if tasks else {}


def _tasks_done(marked: Fields) -> Data:
    listed = objects(inner(inner(marked, "checklist_message"), "checklist"), "tasks")
    known = {whole(task, "id"): words(task, "text", "text_entities") for task in listed}
    tasks = [
        {"text": known.get(number) or f"task {number}", "done": done}
        for name, done in (("marked_as_done_task_ids", True), ("marked_as_not_done_task_ids", False))
        for number in wholes(marked, name)
    ]
    return {"event": "marked", "title": _title_of(marked), "tasks": tasks} if tasks else {}


def _title_of(change: Fields) -> str:
    return words(inner(inner(change, "checklist_message"), "checklist"), "title", "title_entities")


def _story(story: Fields) -> Data:
    return {"author": name_of(inner(story, "chat"))}


def _game(game: Fields) -> Data:
    said = (text(game, "description"), words(game, "text", "text_entities"))
    return {"title": text(game, "title"), "text": "\n".join(filter(None, said))}


def _web_app(sent: Fields) -> Data:
    return {"data": text(sent, "data"), "button": text(sent, "button_text")}


def _dice(dice: Fields) -> Data:
    value = whole(dice, "value")
    return {"text": "" if value is None else f"threw {text(dice, 'emoji') or 'a dice'}, which shows {value}"}


def _live(location: Fields) -> Data:
    seconds = whole(location, "live_period")
    return (
        {"text": f"shares this place live for {seconds} seconds, where later positions are not told"} if seconds else {}
    )


def _invoice(invoice: Fields) -> Data:
    return {
        "event": "invoice",
        "title": text(invoice, "title"),
        "text": text(invoice, "description"),
        **money(whole(invoice, "total_amount"), text(invoice, "currency")),
    }


def _paid(payment: Fields) -> Data:
    order = inner(payment, "order_info")
    said = (*texts(order), *texts(inner(order, "shipping_address")))
    amount = money(whole(payment, "total_amount"), text(payment, "currency"))
    return {"event": "paid", "text": ", ".join(said), **amount} if amount else {}


def _paid_media(media: Fields) -> Data:
    amount = money(whole(media, "star_count"), STARS)
    return {"event": "paid_media", **amount} if amount else {}


def _gift(given: Fields) -> Data:
    gift, said = inner(given, "gift"), words(given, "text", "entities")
    stars = whole(gift, "star_count")
    worth = "" if stars is None else f" worth {stars} Telegram Stars"
    return {"text": f"gave a gift{worth}{_with(said)}"} if gift else {}


def _unique_gift(given: Fields) -> Data:
    gift = inner(given, "gift")
    return {"text": f"gave the unique gift {text(gift, 'name') or text(gift, 'base_name')}".rstrip()} if gift else {}


def _gift_upgrade(given: Fields) -> Data:
    return {"text": f"paid for the upgrade of a gift{_with(words(given, 'text', 'entities'))}"} if given else {}


def _with(said: str) -> str:
    return f': "{said}"' if said else ""


def _giveaway(giveaway: Fields) -> Data:
    return {"text": _prizes("sent a giveaway", giveaway)}


def _winners(giveaway: Fields) -> Data:
    return {"text": _prizes("sent the result of a giveaway", giveaway)}


def _prizes(what: str, giveaway: Fields) -> str:
    winners, prize = whole(giveaway, "winner_count"), text(giveaway, "prize_description")
    return "" if winners is None else f"{what} with {winners} winners" + (f": {prize}" if prize else "")


READERS: dict[str, tuple[NoteKind, Reader]] = {
    "contact": (NoteKind.CONTACT, _contact),
    "users_shared": (NoteKind.SHARED, _users),
    "user_shared": (NoteKind.SHARED, _user),
    "chat_shared": (NoteKind.SHARED, _chat),
    "poll": (NoteKind.POLL, _poll),
    "checklist": (NoteKind.CHECKLIST, _checklist),
    "checklist_tasks_added": (NoteKind.CHECKLIST, _tasks_added),
    "checklist_tasks_done": (NoteKind.CHECKLIST, _tasks_done),
    "story": (NoteKind.STORY, _story),
    "game": (NoteKind.GAME, _game),
    "web_app_data": (NoteKind.WEB_APP, _web_app),
    "invoice": (NoteKind.PAYMENT, _invoice),
    "successful_payment": (NoteKind.PAYMENT, _paid),
    "paid_media": (NoteKind.PAYMENT, _paid_media),
    "location": (NoteKind.OTHER, _live),
    "dice": (NoteKind.OTHER, _dice),
    "gift": (NoteKind.OTHER, _gift),
    "unique_gift": (NoteKind.OTHER, _unique_gift),
    "gift_upgrade_sent": (NoteKind.OTHER, _gift_upgrade),
    "giveaway": (NoteKind.OTHER, _giveaway),
    "giveaway_winners": (NoteKind.OTHER, _winners),
}


def _links(message: Fields) -> Iterator[Note]:
    """Addresses that stand in no text: a preview chosen for the message, and buttons, as forwarded messages have them."""
    if "link_preview_options" not in message and "reply_markup" not in message:
        return
    said = text(message, "text") + text(message, "caption")
    preview = text(inner(message, "link_preview_options"), "url")
    behind = [url for entity in objects(message, "entities") if (url := text(entity, "url"))]
    if preview and preview not in said and preview not in behind:
        yield Note(NoteKind.CARD, {"url": preview})
    rows = inner(message, "reply_markup").get("inline_keyboard")
    buttons = [one for row in (rows if isinstance(rows, list) else ()) for one in objects({"row": row}, "row")]
    for button in buttons[:_MOST_BUTTONS]:
        if url := text(button, "url"):
            yield Note(NoteKind.CARD, {"title": text(button, "text"), "url": url})
