"""What a message answers or quotes, and whose words it passes on."""

from __future__ import annotations

from trinity_channels.api import Forwarded, Quoted
from trinity_channels_telegram.addresses import Place
from trinity_channels_telegram.fields import Fields, inner, objects, text, whole
from trinity_channels_telegram.formatting import words
from trinity_channels_telegram.kinds import MEANINGS, Meaning
from trinity_channels_telegram.mentions import Bot, is_bot, replied_to
from trinity_channels_telegram.rich import rich_text
from trinity_channels_telegram.senders import name_of, one_line

LONGEST_QUOTE = 500
"""Characters of the quoted words; the person has the whole message before their eyes, an agent needs to recognise it."""

_TITLES = ("question", "title", "file_name", "emoji")
_ANSWERS = frozenset({"external_reply", "quote", "reply_to_message", "reply_to_story"})
_BEFORE_7_0 = frozenset({"forward_date", "forward_from", "forward_from_chat", "forward_sender_name"})


def quoted(message: Fields, place: Place, bot: Bot) -> Quoted | None:
    """What the message answers: one of this chat, one from elsewhere, a passage of either, or a story."""
    if _ANSWERS.isdisjoint(message):
        return None
    here, elsewhere, story = replied_to(message), inner(message, "external_reply"), inner(message, "reply_to_story")
    passage = words(inner(message, "quote"), "text", "entities") or _chosen(message, here or elsewhere)
    if here:
        number, ours = whole(here, "message_id"), _is_ours(here, bot)
        return Quoted(
            text=short(passage or said_in(here)),
            provider_id=place.message(number) if number else None,
            author="" if ours else name_of(inner(here, "sender_chat") or inner(here, "from")),
            by_agent=ours,
        )
    if elsewhere or passage:
        origin = inner(elsewhere, "origin")
        ours = is_bot(inner(origin, "sender_user"), bot)
        return Quoted(short(passage or said_in(elsewhere)), None, "" if ours else _origin(origin), ours)
    if "reply_to_story" in message:
        # Telegram sends neither the words nor the picture of a story.
        return Quoted("[story]", None, name_of(inner(story, "chat")))
    return None


def forwarded(message: Fields) -> Forwarded | None:
    """Whose words the message passes on; None if they are the sender's own.

    https://core.telegram.org/bots/api#messageorigin; servers before Bot API 7.0 said it in fields of the message.
    """
    if "forward_origin" in message:
        return Forwarded(_origin(inner(message, "forward_origin")))
    if _BEFORE_7_0.isdisjoint(message):
        return None
    source = inner(message, "forward_from_chat") or inner(message, "forward_from")
    name = name_of(source) or one_line(text(message, "forward_sender_name"))
    return Forwarded(_signed(name, text(message, "forward_signature")))


def said_in(message: Fields) -> str:
    """The words of a message, or in brackets what it holds instead."""
    said = words(message, "text", "entities") or words(message, "caption", "caption_entities")
    return said or rich_text(inner(message, "rich_message")) or _kind_of(message)


def _kind_of(message: Fields) -> str:
    """What a message without words is: `[voice]`, `[poll: Lunch?]`; empty if that is not told."""
    kind = next((name for name in message if MEANINGS.get(name) is Meaning.CONTENT), "")
    held = inner(message, kind)
    name = next((found for field in _TITLES if (found := text(held, field))), "")
    return f"[{kind.replace('_', ' ')}{f': {name}' if name else ''}]" if kind else ""


def _chosen(message: Fields, answered: Fields) -> str:
    """The task of a checklist or the option of a poll that the message answers."""
    task, option = whole(message, "reply_to_checklist_task_id"), text(message, "reply_to_poll_option_id")
    for one in objects(inner(answered, "checklist"), "tasks") if task is not None else ():
        if whole(one, "id") == task:
            return words(one, "text", "text_entities")
    for one in objects(inner(answered, "poll"), "options") if option else ():
        if text(one, "persistent_id") == option:
            return words(one, "text", "text_entities")
    return ""


def _is_ours(message: Fields, bot: Bot) -> bool:
    author = inner(message, "from")
    # In a direct chat there is no other bot, also where this one had another number before.
    direct = text(inner(message, "chat"), "type") == "private"
    return is_bot(author, bot) or (direct and author.get("is_bot") is True)


def _origin(origin: Fields) -> str:
    """The name of who wrote it first; each of the four types has its own fields."""
    source = inner(origin, "sender_user") or inner(origin, "sender_chat") or inner(origin, "chat")
    name = name_of(source) or one_line(text(origin, "sender_user_name"))
    return _signed(name, text(origin, "author_signature"))


def _signed(name: str, signature: str) -> str:
    signature = one_line(signature)
    return f"{name} ({signature})" if name and signature else name or signature


def short(said: str) -> str:
    """The beginning of quoted words."""
    return said if len(said) <= LONGEST_QUOTE else f"{said[: LONGEST_QUOTE - 1]}…"
