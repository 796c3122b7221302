"""A pressed button as an event. https://core.telegram.org/bots/api#callbackquery."""

from __future__ import annotations

import json

from trinity_channels.api import Button, Event, Ignored, Inbound, MessageReceived, Note, NoteKind, Quoted, Response
from trinity_channels_telegram.context import said_in, short
from trinity_channels_telegram.fields import Fields, inner, objects, text, whole
from trinity_channels_telegram.message import GROUPS, conversation, place_of
from trinity_channels_telegram.senders import sender_of

# Undocumented; the bound only keeps a hostile answer small.
_LONGEST_ID = 256


def read(update: int, query: Fields) -> Inbound:
    """Read a pressed button; the answer stops its spinner, as nothing else that this hook may do could."""
    query_id = text(query, "id")
    if not 0 < len(query_id) <= _LONGEST_ID:
        return Inbound((Ignored("unreadable"),))
    # https://core.telegram.org/bots/faq#how-can-i-make-requests-in-response-to-updates — Telegram executes this. The
    # method is fixed, and JSON keeps whatever the identifier holds inside its own field.
    answer = json.dumps({"method": "answerCallbackQuery", "callback_query_id": query_id}).encode()
    return Inbound((_event(update, query, query_id),), Response(200, answer, "application/json"))


def _event(update: int, query: Fields, query_id: str) -> Event:
    data, game, message = text(query, "data"), text(query, "game_short_name"), inner(query, "message")
    chat_id, number = whole(inner(message, "chat"), "id"), whole(message, "message_id")
    sender = sender_of(query)
    if not (data or game) or not chat_id or number is None or sender is None:
        return Ignored("callback_query")  # of a message that was sent through another chat
    place, kind = place_of(message, chat_id), text(inner(message, "chat"), "type")
    title = _title(message, data) if data else ""
    return MessageReceived(
        # An update_id may be met again after a quiet week (https://core.telegram.org/bots/api#getting-updates).
        event_id=f"{update}:{chat_id}:{query_id}",
        sender=sender,
        text=title,
        provider_id=place.message(number),
        conversation=conversation(place, kind),
        group=kind in GROUPS,
        button=Button(title, data) if data else None,
        # A message that is too old comes without its words; the host may know them.
        quoted=Quoted(short(said_in(message)), place.message(number), by_agent=True),
        notes=() if data else (Note(NoteKind.OTHER, {"text": f"pressed the button that starts the game {game}"}),),
        raw={name: value for name, value in query.items() if name != "from"},
    )


def _title(message: Fields, data: str) -> str:
    """What the button shows; its payload where the message is too old to be sent along."""
    rows = inner(message, "reply_markup").get("inline_keyboard")
    for row in rows if isinstance(rows, list) else ():
        for button in objects({"row": row}, "row"):
            if button.get("callback_data") == data and text(button, "text"):
                return text(button, "text")
    return data
