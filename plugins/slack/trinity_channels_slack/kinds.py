"""Which messages a person wrote, and which Slack or another app did."""

from __future__ import annotations

import re
from enum import Enum, auto

from trinity_channels_slack.fields import Json, object_of, text_of


class Author(Enum):
    """Who a message comes from."""

    PERSON = auto()
    APP = auto()
    SLACK = auto()


# https://docs.slack.dev/reference/events/message#subtypes, and those that Slack sends without listing them. An edit
# (message_changed) is not a message.
SUBTYPES = {
    **dict.fromkeys(("", "file_share", "me_message", "thread_broadcast"), Author.PERSON),
    "bot_message": Author.APP,
    **dict.fromkeys(
        (
            "app_conversation_join",
            "app_conversation_leave",
            "assistant_app_thread",
            "bot_add",
            "bot_disable",
            "bot_enable",
            "bot_remove",
            "channel_archive",
            "channel_canvas_updated",
            "channel_convert_to_private",
            "channel_convert_to_public",
            "channel_join",
            "channel_leave",
            "channel_name",
            "channel_posting_permissions",
            "channel_purpose",
            "channel_topic",
            "channel_unarchive",
            "document_mention",
            "ekm_access_denied",
            "group_archive",
            "group_join",
            "group_leave",
            "group_name",
            "group_purpose",
            "group_topic",
            "group_unarchive",
            "huddle_thread",
            "joiner_notification",
            "joiner_notification_for_inviter",
            "message_changed",
            "message_deleted",
            "message_replied",
            "pinned_item",
            "reminder_add",
            "reply_broadcast",
            "sh_room_created",
            "sh_room_shared",
            "slackbot_response",
            "tabbed_canvas_updated",
            "tombstone",
            "unpinned_item",
        ),
        Author.SLACK,
    ),
}

# Slack posts under names of its own: USLACKBOT, for which is_bot is false
# (https://docs.slack.dev/reference/objects/user-object), USLACK and the like. People's ids have digits in them.
_SYSTEM_USER = re.compile("USLACK[A-Z]*")


def author_of(event: Json) -> Author:
    """Tell who wrote a message; a subtype that is not known counts as a person's if a member is named."""
    subtype = text_of(event, "subtype")
    if SUBTYPES.get(subtype) is Author.SLACK or event.get("hidden"):
        return Author.SLACK
    if subtype == "bot_message" or event.get("bot_id") or object_of(event, "bot_profile"):
        return Author.APP
    user = text_of(event, "user")
    if _SYSTEM_USER.fullmatch(user) or (subtype not in SUBTYPES and not user):
        return Author.SLACK
    return Author.PERSON
