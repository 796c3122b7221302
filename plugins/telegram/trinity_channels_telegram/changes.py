"""What people change afterwards: a message that they edit, and whether the bot may write to them.

https://core.telegram.org/bots/api#update — bots are not told of deleted messages.
"""

from __future__ import annotations

from trinity_channels.api import Event, Following, FollowState, Ignored, MessageChanged, MessageReceived
from trinity_channels_telegram import message
from trinity_channels_telegram.fields import Fields, inner, text
from trinity_channels_telegram.mentions import Bot
from trinity_channels_telegram.senders import sender_of

# https://core.telegram.org/bots/api#chatmember, of the bot in a private chat.
_BLOCKED = "kicked"
_MAY_WRITE = "member"


def edited(update: int, edit: Fields, bot: Bot) -> Event:
    """The message as it is now; the host finds out whether its words have changed, for some changes are invisible."""
    now = message.read(update, edit, bot)
    # One that does not name the bot any more keeps the words with which it did.
    if not isinstance(now, MessageReceived):
        return Ignored("edited_message")
    return MessageChanged(now.provider_id, now.sender, now.text, now.conversation)


def membership(change: Fields) -> Event:
    """What a person did with the bot in their private chat; groups are known by their messages."""
    before, after = inner(change, "old_chat_member"), inner(change, "new_chat_member")
    was, now, sender = text(before, "status"), text(after, "status"), sender_of(change)
    if text(inner(change, "chat"), "type") != "private" or sender is None or now not in {_BLOCKED, _MAY_WRITE}:
        return Ignored("my_chat_member")
    begun = FollowState.UNBLOCKED if was == _BLOCKED else FollowState.JOINED
    return Following(sender, FollowState.BLOCKED if now == _BLOCKED else begun, message.time_of(change))
