"""Reading a message that a person answers: the root of a thread in which the agent is mentioned.

https://docs.slack.dev/reference/methods/conversations.replies — the thread's root comes first. Commercial apps outside the
Marketplace may ask once a minute: https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps
"""

from __future__ import annotations

from trinity_channels.api import Binding, Context, ProviderUnavailable, Quoted
from trinity_channels.api.http import CallError
from trinity_channels_slack.addresses import split_message_id
from trinity_channels_slack.client import Client, Refused, reading_error
from trinity_channels_slack.content import words
from trinity_channels_slack.fields import Json, object_of, objects_of, text_of
from trinity_channels_slack.identity import name_in
from trinity_channels_slack.settings import settings_of

DEADLINE = 5.0

# The message is gone, or the app will never see it.
_NOTHING_TO_READ = frozenset(
    {"thread_not_found", "message_not_found", "channel_not_found", "not_in_channel", "missing_scope", "no_permission"}
)


async def resolve(binding: Binding, message_id: str, ctx: Context) -> Quoted:
    """Read one message; errors as the hook `resolve_quoted` promises."""
    client, found = Client(settings_of(binding), ctx, deadline=DEADLINE), split_message_id(message_id)
    if found is None:
        return Quoted(provider_id=message_id)
    channel, ts = found
    try:
        answer = await client.conversations_replies(channel=channel, ts=ts, limit=1, inclusive=True)
    except Refused as error:
        if error.code in _NOTHING_TO_READ:
            return Quoted(provider_id=message_id)
        raise ProviderUnavailable(reading_error(error).message) from None
    except CallError as error:
        raise ProviderUnavailable(reading_error(error).message) from None
    message = next((one for one in objects_of(answer.data, "messages") if text_of(one, "ts") == ts), {})
    if not message or text_of(message, "subtype") == "tombstone":  # what stands in the place of a deleted root
        return Quoted(provider_id=message_id)
    own = text_of(message, "user") == binding.account.sender
    author = "" if own else await _author(client, message)
    return Quoted(words(message, binding.account.sender), message_id, author, by_agent=own)


async def _author(client: Client, message: Json) -> str:
    """The name of who wrote it; empty if Slack does not tell, for the words are what matters."""
    profile = object_of(message, "bot_profile")
    if name := text_of(message, "username") or text_of(profile, "name"):
        return name
    try:
        return name_in(object_of((await client.users_info(user=text_of(message, "user"))).data, "user"))
    except CallError:
        return ""
