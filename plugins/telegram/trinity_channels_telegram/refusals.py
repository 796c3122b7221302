"""What Telegram says when it does not take a message: who can act, what happened, what to do.

https://core.telegram.org/bots/api#making-requests — codes are HTTP's, and the words may change, so they are compared by
a part of them, in lower case. What is not listed is taken as permanent.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

from trinity_channels.api import Failure, FailureKind
from trinity_channels_telegram.client import RefusedError

PAGE = "https://core.telegram.org/bots/api#making-requests"

_P, _O, _R = FailureKind.PERMANENT, FailureKind.OPERATOR, FailureKind.RECIPIENT


class Row(NamedTuple):
    """Words of Telegram's under a status, and what we make of them."""

    status: int
    words: str
    code: str
    kind: FailureKind
    message: str


OPTED_OUT = frozenset({"blocked", "deactivated", "not_started"})
"""After these the person gets nothing until they write again, and after any other 403."""

TABLE = (
    Row(400, "chat not found", "chat_not_found", _R, "Telegram has no such chat, or the person never wrote to the bot."),
    Row(400, "group chat was upgraded", "migrated", _P, "The group has moved to a new address. Write in it once."),
    Row(400, "message is too long", "too_long", _P, "The message is longer than Telegram takes."),
    Row(400, "text is too long", "too_long", _P, "The message is longer than Telegram takes."),
    Row(400, "text is empty", "empty", _P, "The message is empty."),
    Row(400, "text must be non-empty", "empty", _P, "The message is empty."),
    Row(400, "can't parse entities", "bad_markup", _P, "Telegram did not understand the message's formatting."),
    Row(400, "thread not found", "no_topic", _P, "The topic has been deleted."),
    Row(400, "topic_closed", "topic_closed", _O, "The topic is closed. Open it again, or make the bot an admin."),
    Row(400, "not enough rights", "no_rights", _O, "The bot may not write in this group. Change its permissions there."),
    Row(400, "write_forbidden", "no_rights", _O, "The bot may not write in this group. Change its permissions there."),
    Row(403, "blocked by the user", "blocked", _R, "The person has blocked the bot."),
    Row(403, "user_is_blocked", "blocked", _R, "The person has blocked the bot."),
    Row(400, "user_is_blocked", "blocked", _R, "The person has blocked the bot."),
    Row(403, "user is deactivated", "deactivated", _P, "The person has deleted their Telegram account."),
    Row(403, "can't initiate conversation", "not_started", _R, "The person has not written to the bot yet."),
    Row(403, "was kicked", "removed", _O, "The bot was removed from the group. Add it again."),
    Row(403, "not a member", "removed", _O, "The bot is not in this group. Add it again."),
    Row(403, "chat was deleted", "deleted", _P, "The group has been deleted."),
    Row(403, "messages to the bot", "to_a_bot", _P, "Bots cannot be written to."),
    Row(401, "", "token_refused", _O, "Telegram refuses the bot token. Copy it again from @BotFather and save it."),
    Row(404, "", "token_refused", _O, "Telegram does not know the bot token. Copy it again from @BotFather and save it."),
    Row(421, "", "token_refused", _O, "Telegram does not serve this bot here. Check the setting telegram_api_base_url."),
    Row(409, "", "conflict", _O, "Another program uses this bot. Stop it there, or use another bot here."),
    Row(413, "", "too_large", _P, "The message is larger than Telegram takes."),
)  # fmt: skip


def failure_of(refused: RefusedError) -> Failure:
    """Say what a refusal means."""
    for row in TABLE:
        if row.status == refused.code and refused.speaks_of(row.words):
            return Failure(row.code, row.kind, row.message, PAGE, opted_out=row.code in OPTED_OUT)
    # Its own words stay: they are short, and name neither the person nor the text.
    said = f' ("{refused.words[:200]}")' if refused.words else ""
    words = f"Telegram does not take the message{said}."
    # The bot may not write to this person, whatever the cause. In groups the error is about the bot, not a person.
    forbidden = refused.code == HTTPStatus.FORBIDDEN
    return Failure(str(refused.code), FailureKind.PERMANENT, words, PAGE, opted_out=forbidden)


def is_pause(refused: RefusedError) -> bool:
    """Whether it says "later", and certainly did not take the message."""
    return refused.code == HTTPStatus.TOO_MANY_REQUESTS
