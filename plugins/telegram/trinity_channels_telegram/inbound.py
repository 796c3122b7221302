"""From an authentic update to events. https://core.telegram.org/bots/api#update — one update per webhook.

What is not answered with 200 holds up its chat for a day, so only what is not an update at all is malformed; a message that
lacks what every message has is `Ignored("unreadable")`, and counted.
"""

from __future__ import annotations

from trinity_channels.api import Binding, Ignored, Inbound, MalformedPayload, Request
from trinity_channels_telegram import buttons, changes, message
from trinity_channels_telegram.fields import Fields, inner, whole
from trinity_channels_telegram.mentions import Bot
from trinity_channels_telegram.secret import authenticate

# Everything an update can be about, for counting; more come every few months.
KINDS = frozenset({
    "business_connection", "business_message", "callback_query", "channel_post", "chat_boost", "chat_join_request",
    "chat_member", "chosen_inline_result", "deleted_business_messages", "edited_business_message",
    "edited_channel_post", "edited_message", "guest_message", "inline_query", "managed_bot", "message",
    "message_reaction", "message_reaction_count", "my_chat_member", "poll", "poll_answer", "pre_checkout_query",
    "purchased_paid_media", "removed_chat_boost", "shipping_query", "stopped_message_generation", "subscription",
})  # fmt: skip


def receive(binding: Binding, request: Request) -> Inbound:
    """Authenticate one webhook and translate it; errors as the hook `receive` promises."""
    return read(authenticate(request, binding.webhook_secret.get_secret_value()), binding)


def read(update: Fields, binding: Binding) -> Inbound:
    """Translate one update.

    Raises:
        MalformedPayload: it has no number.
    """
    number = whole(update, "update_id")
    if number is None:
        raise MalformedPayload("The update has no update_id.")
    if "message" in update:
        return Inbound((message.read(number, inner(update, "message"), _bot(binding)),))
    if "callback_query" in update:
        return buttons.read(number, inner(update, "callback_query"))
    if "edited_message" in update:
        return Inbound((changes.edited(number, inner(update, "edited_message"), _bot(binding)),))
    if "my_chat_member" in update:
        return Inbound((changes.membership(inner(update, "my_chat_member")),))
    return Inbound((Ignored(next((name for name in update if name in KINDS), "unknown_update")),))


def _bot(binding: Binding) -> Bot:
    facts = binding.account.facts
    number = facts.get("id", binding.account.key)
    return Bot(int(number) if number.isdecimal() else 0, facts.get("username", ""))
