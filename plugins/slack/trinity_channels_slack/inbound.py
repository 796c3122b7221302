"""From an authentic webhook to events. On the path of every message, hence no models.

https://docs.slack.dev/reference/events/message and https://docs.slack.dev/reference/events/app_mention — a mention in a
channel comes as both, in any order, under two event ids; some Enterprise installations send only the second. So both
are read alike: whether the agent is meant stands in the text, and the name of the event is the message's own.
"""

from __future__ import annotations

from datetime import UTC, datetime

from trinity_channels.api import (
    Account,
    Binding,
    Event,
    Ignored,
    Inbound,
    MalformedPayload,
    MessageReceived,
    Quoted,
    Request,
    Response,
    Sender,
)
from trinity_channels_slack.addresses import is_channel, is_ts, is_user, message_id
from trinity_channels_slack.envelope import Envelope, Json, kind_of, read, text_of
from trinity_channels_slack.files import attachments
from trinity_channels_slack.settings import settings_of
from trinity_channels_slack.signature import authenticate
from trinity_channels_slack.text import mentions, plain

MAX_NAME = 100
SLACKBOT = "USLACKBOT"  # is_bot is false for it: https://docs.slack.dev/reference/objects/user-object

# Subtypes that are something a person wrote. https://docs.slack.dev/reference/events/message — an edit
# (message_changed) is none: it also comes when a link unfolds, and what was asked has been answered already.
WRITTEN = frozenset({"", "file_share", "thread_broadcast", "me_message"})

# Repeated by other fields of the value, or of no use to anybody.
_NOT_RAW = frozenset({"text", "blocks", "files", "event_ts", "type"})


def receive(binding: Binding, request: Request) -> Inbound:
    """Authenticate one webhook and translate it; errors as the hook `receive` promises."""
    body = authenticate(request, settings_of(binding).signing_secrets)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return Inbound((Ignored("not_an_event"),))  # a slash command or a button
    envelope = read(body)
    if envelope.challenge:
        # https://docs.slack.dev/reference/events/url_verification
        return Inbound((Ignored(envelope.kind),), Response(200, envelope.challenge.encode("utf-8", "replace")))
    if envelope.kind != "event_callback":
        return Inbound((Ignored(envelope.kind),))
    if not envelope.concerns(binding.account):
        return Inbound((Ignored("other_installation"),))
    return Inbound((_event(envelope, binding.account),))


def _event(envelope: Envelope, account: Account) -> Event:
    event = envelope.event
    kind, subtype = text_of(event, "type"), text_of(event, "subtype")
    if kind not in {"message", "app_mention"}:
        return Ignored(kind_of(kind))
    if _is_own(event, account, envelope.app_id):
        return Ignored("own_message")
    if subtype == "bot_message" or event.get("bot_id") or event.get("user") == SLACKBOT:
        return Ignored("bot_message")
    if subtype not in WRITTEN or event.get("hidden"):
        return Ignored(kind_of(subtype or "hidden"))
    return _message(event, kind, account)


def _is_own(event: Json, account: Account, app_id: str) -> bool:
    """Tell whether this app wrote it, also where it comes wrapped in an edit or as an upload of its own."""
    facts = account.facts
    inner = event.get("message")
    for one in (event, inner if isinstance(inner, dict) else {}):
        profile = one.get("bot_profile")
        apps = {text_of(one, "app_id"), text_of(profile, "app_id")} - {""}
        if (
            one.get("user") == account.sender
            or (one.get("bot_id") and one.get("bot_id") == facts.get("bot_id"))
            or apps & {app_id, facts.get("app_id")}
        ):
            return True
    return False


def _message(event: Json, kind: str, account: Account) -> Event:
    channel, ts, user = event.get("channel"), event.get("ts"), event.get("user")
    if not (is_channel(channel) and is_ts(ts) and is_user(user)):
        raise MalformedPayload("The message lacks its channel, its ts or its user.")
    channel, ts, user = str(channel), str(ts), str(user)
    text = text_of(event, "text")
    # app_mention has no channel_type, and never comes from a direct chat.
    direct = kind == "message" and (text_of(event, "channel_type") == "im" or channel.startswith("D"))
    if not (direct or kind == "app_mention" or mentions(text, account.sender)):
        return Ignored("not_mentioned")
    thread = event.get("thread_ts")
    thread = str(thread) if is_ts(thread) else ("" if direct else ts)
    identity = message_id(channel, ts)  # the same for both events of a mention, and for every retry
    return MessageReceived(
        event_id=identity,
        # Within an app's view an id is one person for good, also one of another workspace: users.info takes no team.
        sender=Sender(address=user, stable=user, name=_name(event)),
        text=plain(text, account.sender),
        provider_id=identity,
        # A direct chat is answered in its own channel: one call less than opening it by the user's id each time.
        conversation=message_id(channel, thread) if thread else channel,
        group=not direct,
        attachments=attachments(event.get("files")),
        quoted=Quoted(provider_id=message_id(channel, thread)) if thread not in {"", ts} else None,
        sent_at=_time(ts),
        raw={name: value for name, value in event.items() if name not in _NOT_RAW},
    )


def _name(event: Json) -> str:
    profile = event.get("user_profile")
    name = text_of(profile, "display_name") or text_of(profile, "real_name")
    return " ".join(name.split())[:MAX_NAME]


def _time(ts: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(ts), UTC)
    except (ValueError, OverflowError, OSError):
        return None
