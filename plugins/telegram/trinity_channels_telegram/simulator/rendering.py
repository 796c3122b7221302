"""Messages and chats in the Bot API's shape. https://core.telegram.org/bots/api#available-types."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from trinity_channels_telegram.simulator.chats import Bot, Chat, Person, Posted

# https://core.telegram.org/bots/api#user: bots see these in place of a chat that speaks.
ANONYMOUS_ADMIN = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
# https://core.telegram.org/bots/api#chatmemberadministrator
RIGHTS = (
    "is_anonymous", "can_delete_messages", "can_manage_video_chats", "can_restrict_members", "can_promote_members",
    "can_change_info", "can_invite_users", "can_post_stories", "can_edit_stories", "can_delete_stories",
)  # fmt: skip
CHANNEL_BOT = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}


def chat(one: Chat) -> dict[str, Any]:
    """A chat."""
    if one.private:
        [person] = one.members
        return {
            "id": one.id,
            "first_name": person.name,
            "type": "private",
            **({"username": person.username} if person.username else {}),
        }
    fields = {"id": one.id, "title": one.title, "type": one.type, "username": one.username, "is_forum": one.forum}
    return {name: held for name, held in fields.items() if held}


def full_chat(one: Chat) -> dict[str, Any]:
    """A chat as `getChat` shows it, with all fields that are always there."""
    gifts = dict.fromkeys(
        ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels"), one.private
    )
    return chat(one) | {"accent_color_id": one.id % 7, "max_reaction_count": 11, "accepted_gift_types": gifts}


def member(user: dict[str, object], status: str) -> dict[str, Any]:
    """What someone is in a chat, with all fields that are always there."""
    fields: dict[str, Any] = {"user": user, "status": status}
    if status == "kicked":
        fields["until_date"] = 0
    if status == "administrator":
        fields |= {"can_be_edited": False} | dict.fromkeys(RIGHTS, False) | {"can_manage_chat": True}
    return fields


def message(one: Posted, *, nested: bool = False) -> dict[str, Any]:
    """A message, with the one it answers, which itself shows no other."""
    fields: dict[str, Any] = {"message_id": one.number, **_sender(one), "chat": chat(one.chat)}
    fields["date"] = int(one.date.timestamp())
    if one.edited is not None:
        fields["edit_date"] = int(one.edited.timestamp())
    if one.topic is not None:
        fields |= {"message_thread_id": one.topic, "is_topic_message": True}
    if not nested and (answered := _answered(one)) is not None:
        fields["reply_to_message"] = message(answered, nested=True)
        # Outside topics the field names a chain of replies and comes without `is_topic_message`.
        if one.topic is None and not one.chat.private:
            fields["message_thread_id"] = answered.number
    if one.text:
        # The words beside a file have another name than those of a plain message.
        fields["caption" if one.more else "text"] = one.text
    if one.entities:
        fields["caption_entities" if one.more else "entities"] = [entity.json for entity in one.entities]
    if one.keyboard:
        fields["reply_markup"] = {"inline_keyboard": one.keyboard}
    return fields | one.more | one.about


def origin(of: Person | Bot | Chat | str, date: datetime) -> dict[str, Any]:
    """Where a message was said first. https://core.telegram.org/bots/api#messageorigin."""
    fields: dict[str, Any] = {"date": int(date.timestamp())}
    match of:
        case str():
            return {"type": "hidden_user", "sender_user_name": of} | fields
        case Chat(type="channel"):
            return {"type": "channel", "chat": chat(of), "message_id": of.count} | fields
        case Chat():
            return {"type": "chat", "sender_chat": chat(of)} | fields
        case _:
            return {"type": "user", "sender_user": of.user} | fields


def _answered(one: Posted) -> Posted | None:
    if one.replies_to is not None:
        return one.replies_to
    # In a topic whatever answers nothing is shown as an answer to the message that opened the topic.
    topic = one.chat.topics.get(one.topic) if one.topic is not None else None
    return topic.root if topic is not None and topic.root is not one else None


def _sender(one: Posted) -> dict[str, Any]:
    if one.sender is None:
        return {}
    if isinstance(one.sender, Chat):
        stand_in = ANONYMOUS_ADMIN if one.sender is one.chat else CHANNEL_BOT
        return {
            "from": stand_in,
            "sender_chat": chat(one.sender),
        }
    return {"from": one.sender.user}
