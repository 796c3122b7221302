"""What each field of a message means to us: Telegram has about 120, and adds some every month.

https://core.telegram.org/bots/api#message. A field that is not listed is `UNKNOWN`: in a direct chat a person has sent
something that we cannot show, and the agent is told so.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from trinity_channels_telegram.fields import Fields


class Meaning(StrEnum):
    """What is done about a field."""

    ABOUT = "about"
    """It describes the message and has no content of its own."""
    CONTENT = "content"
    """What a person sent: text, a file, a place or something that is put in words (`notes.py`)."""
    SERVICE = "service"
    """Telegram posts it when someone joins, pins, renames and the like. No answer is expected."""
    UNKNOWN = "unknown"


_FIELDS = {
    Meaning.ABOUT: """
        author_signature business_connection_id caption_entities chat date direct_messages_topic edit_date effect_id
        entities ephemeral_message_id external_reply forward_date forward_from forward_from_chat forward_from_message_id
        forward_origin forward_sender_name forward_signature from guest_bot_caller_chat guest_bot_caller_user
        guest_query_id has_media_spoiler has_protected_content is_automatic_forward is_from_offline is_paid_post
        is_topic_message link_preview_options media_group_id message_id message_thread_id paid_star_count quote
        receiver_user reply_markup reply_to_checklist_task_id reply_to_message reply_to_poll_option_id reply_to_story
        sender_boost_count sender_business_bot sender_chat sender_tag show_caption_above_media suggested_post_info
        via_bot
    """,
    Meaning.CONTENT: """
        animation audio caption checklist checklist_tasks_added checklist_tasks_done contact chat_shared dice document
        game gift gift_upgrade_sent giveaway giveaway_winners invoice live_photo location paid_media passport_data
        photo poll rich_message sticker story successful_payment text unique_gift user_shared users_shared venue video
        video_note voice web_app_data
    """,
    Meaning.SERVICE: """
        boost_added channel_chat_created chat_background_set chat_owner_changed chat_owner_left community_chat_added
        community_chat_joined community_chat_removed connected_website delete_chat_photo direct_message_price_changed
        forum_topic_closed forum_topic_created forum_topic_edited forum_topic_reopened general_forum_topic_hidden
        general_forum_topic_unhidden giveaway_completed giveaway_created group_chat_created left_chat_member
        left_chat_participant managed_bot_created message_auto_delete_timer_changed migrate_from_chat_id
        migrate_to_chat_id new_chat_member new_chat_members new_chat_participant new_chat_photo new_chat_title
        paid_message_price_changed pinned_message poll_option_added poll_option_deleted proximity_alert_triggered
        refunded_payment suggested_post_approval_failed suggested_post_approved suggested_post_declined
        suggested_post_paid suggested_post_refunded supergroup_chat_created video_chat_ended
        video_chat_participants_invited video_chat_scheduled video_chat_started voice_chat_ended
        voice_chat_participants_invited voice_chat_scheduled voice_chat_started write_access_allowed
    """,
}
_WORDS = frozenset({"text", "caption"})
MEANINGS = {name: meaning for meaning, names in _FIELDS.items() for name in names.split()}
_SERVICE = frozenset(_FIELDS[Meaning.SERVICE].split())
_CONTENT = frozenset(_FIELDS[Meaning.CONTENT].split())


def is_service(message: Fields) -> bool:
    """Whether Telegram posted this itself."""
    return not _SERVICE.isdisjoint(message) and _CONTENT.isdisjoint(message)


def not_shown(message: Fields) -> str:
    """The field that holds what cannot be shown: a new one, or one of an odd shape; empty if there is none."""
    return next(iter((*_named(message, Meaning.UNKNOWN), *_named(message, Meaning.CONTENT))), "")


def _named(message: Fields, meaning: Meaning) -> Iterator[str]:
    return (name for name in message if MEANINGS.get(name, Meaning.UNKNOWN) is meaning and name not in _WORDS)
