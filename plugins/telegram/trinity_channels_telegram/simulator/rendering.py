"""Messages and chats in the Bot API's shape. https://core.telegram.org/bots/api#available-types."""

from __future__ import annotations

from typing import Any

from trinity_channels_telegram.simulator.chats import Chat, Posted

# https://core.telegram.org/bots/api#user: bots see these in place of a chat that speaks.
ANONYMOUS_ADMIN = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
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
    return {"id": one.id, "title": one.title, "type": one.type} | ({"is_forum": True} if one.forum else {})


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
        if one.topic is None and not one.chat.private:
            fields["message_thread_id"] = answered.number
    if one.text:
        fields["caption" if one.more else "text"] = one.text
    if one.entities:
        fields["caption_entities" if one.more else "entities"] = [entity.json for entity in one.entities]
    if one.keyboard:
        fields["reply_markup"] = {"inline_keyboard": one.keyboard}
    return fields | one.more


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
            "sender_chat": {"id": one.sender.id, "title": one.sender.title, "type": one.sender.type},
        }
    return {"from": one.sender.user}
