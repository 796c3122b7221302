"""From an authentic webhook to events. On the path of every message, hence no models.

https://docs.slack.dev/reference/events/message and https://docs.slack.dev/reference/events/app_mention — a mention in a
channel comes as both, in any order, under two event ids; some Enterprise installations send only the second. So both
are read alike: whether the agent is meant stands in the text, and the name of the event is the message's own.
"""

from __future__ import annotations

from trinity_channels.api import (
    Account,
    Binding,
    Event,
    Following,
    FollowState,
    Ignored,
    Inbound,
    MalformedPayload,
    MessageChanged,
    MessageReceived,
    Note,
    NoteKind,
    Quoted,
    Request,
    Response,
    Sender,
)
from trinity_channels_slack import interactions
from trinity_channels_slack.account_state import account_state
from trinity_channels_slack.addresses import is_id, is_ts, message_id, time_of
from trinity_channels_slack.content import Content, is_mentioned, words
from trinity_channels_slack.content import read as read_content
from trinity_channels_slack.envelope import OTHER_INSTALLATION, Envelope, kind_of, read
from trinity_channels_slack.fields import Json, object_of, text_of
from trinity_channels_slack.kinds import Author, author_of
from trinity_channels_slack.settings import settings_of
from trinity_channels_slack.signature import authenticate

MAX_NAME = 100
# https://docs.slack.dev/reference/events/message/message_changed
DELETED = "message_deleted"
CHANGES = frozenset({"message_changed", DELETED})

# Repeated by other fields of the value, or of no use.
_NOT_RAW = frozenset({"text", "blocks", "attachments", "files", "root", "event_ts", "type"})


def receive(binding: Binding, request: Request) -> Inbound:
    """Authenticate one webhook and translate it; errors as the hook `receive` promises."""
    body = authenticate(request, settings_of(binding).signing_secrets)
    # Interactivity and slash commands come as forms, if the owner has entered this address there too.
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return interactions.receive(body, binding.account)
    return events(read(body), binding.account)


def events(envelope: Envelope, account: Account) -> Inbound:
    """Translate what Slack has surely sent, by whichever way; errors as the hook `receive` promises."""
    if envelope.challenge:
        # https://docs.slack.dev/reference/events/url_verification
        return Inbound((Ignored(envelope.kind),), Response(200, envelope.challenge.encode("utf-8", "replace")))
    if envelope.kind != "event_callback":
        return Inbound((Ignored(envelope.kind),))
    # One app has one request URL for every workspace that it is installed in.
    if not envelope.concerns(account):
        return Inbound((OTHER_INSTALLATION,))
    return Inbound((_event(envelope, account),))


def _event(envelope: Envelope, account: Account) -> Event:
    event = envelope.event
    kind, subtype = text_of(event, "type"), text_of(event, "subtype")
    if kind == "app_home_opened":
        return _opened(event)
    if kind not in {"message", "app_mention"}:
        return account_state(kind, event, account) or Ignored(kind_of(kind))
    # Slack sends an app its own messages too; an answer to one would cause the next.
    if _is_own(event, account, envelope.app_id):
        return Ignored("own_message")
    if subtype in CHANGES:
        return _changed(event, subtype, account)
    match author_of(event):
        case Author.APP:
            return Ignored("bot_message")
        case Author.SLACK:
            return Ignored(kind_of(subtype or ("hidden" if event.get("hidden") else "system_message")))
    return _message(event, kind, account)


def _opened(event: Json) -> Event:
    """A person has opened the app, on any of its tabs: their account works, also if it was deactivated before.

    https://docs.slack.dev/reference/events/app_home_opened — comes each time, if the owner has subscribed to it. Slack
    has no event for the reverse: people cannot block an app.
    """
    user, at = event.get("user"), event.get("event_ts")
    if not is_id(user):
        return Ignored("app_home_opened")
    # The documentation's sample is in microseconds; without a time it counts from its arrival.
    return Following(
        Sender(address=str(user), stable=str(user)), FollowState.JOINED, time_of(str(at)) if is_ts(at) else None
    )


def _changed(event: Json, subtype: str, account: Account) -> Event:
    """A message as it is now, or that it is gone. Slack also says "changed" when a link unfolds or a thread gets a title."""
    before, now = object_of(event, "previous_message"), object_of(event, "message")
    # A root whose thread goes on is not deleted, but replaced.
    gone = subtype == DELETED or text_of(now, "subtype") == "tombstone"
    said = before if gone else now
    whole = is_id(event.get("channel")) and is_ts(said.get("ts")) and is_id(said.get("user"))
    if not whole or author_of(said) is not Author.PERSON:
        return Ignored(subtype)
    placed = {**said, "channel": event["channel"], "channel_type": event.get("channel_type")}
    message = _message(placed, "message", account)
    # In a channel, one that names the agent no longer keeps the words with which it did.
    if not isinstance(message, MessageReceived):
        return Ignored(subtype)
    if gone:
        return MessageChanged(message.provider_id, message.sender, None, message.conversation)
    if before and read_content(before, account.sender).text == message.text:
        return Ignored(subtype)
    return MessageChanged(message.provider_id, message.sender, message.text, message.conversation)


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
    if not (is_id(channel) and is_ts(ts) and is_id(user)):
        raise MalformedPayload("The message lacks its channel, its ts or its user.")
    channel, ts, user = str(channel), str(ts), str(user)
    # app_mention has no channel_type, and never comes from a direct chat.
    direct = kind == "message" and (text_of(event, "channel_type") == "im" or channel.startswith("D"))
    # Decided by the text where it can be: of the two events of a mention either may come first, or alone.
    if not (direct or kind == "app_mention" or is_mentioned(event, account.sender)):
        return Ignored("not_mentioned")
    content = read_content(event, account.sender)
    thread = event.get("thread_ts")
    # In channels the answer opens a thread below the mention; in a direct chat it stands beside the question.
    thread = str(thread) if is_ts(thread) else ("" if direct else ts)
    identity = message_id(channel, ts)  # the same for both events of a mention, and for every retry
    return MessageReceived(
        event_id=identity,
        # Within an app's view an id is one person for good, also one of another workspace: users.info takes no team.
        sender=Sender(address=user, stable=user, name=_name(event)),
        text=content.text,
        provider_id=identity,
        # A direct chat is answered in its own channel: one call less than opening it by the user's id each time.
        conversation=message_id(channel, thread) if thread else channel,
        group=not direct,
        attachments=content.attachments,
        quoted=_root(event, channel, account) if thread not in {"", ts} else None,
        forwarded=content.forwarded,
        notes=content.notes or _nothing_else(event, content, direct=direct),
        sent_at=time_of(ts),
        raw={name: value for name, value in event.items() if name not in _NOT_RAW},
    )


# Other replies bring no root; the host then asks `resolve_quoted` (docs/adr/0008).
def _root(event: Json, channel: str, account: Account) -> Quoted:
    """The root of the thread; a reply that is also sent to the channel brings it along, with its words."""
    root = object_of(event, "root")
    wrote = text_of(root, "user") or text_of(event, "parent_user_id")
    return Quoted(
        text=words(root, account.sender),
        provider_id=message_id(channel, text_of(event, "thread_ts")),
        by_agent=wrote == account.sender,
    )


def _nothing_else(event: Json, content: Content, *, direct: bool) -> tuple[Note, ...]:
    """Why there is no text, so that no message of a person is empty."""
    if not content.empty:
        return ()
    if not direct:
        return (Note(NoteKind.OTHER, {"text": "mentioned you, and wrote nothing else"}),)
    subtype = kind_of(text_of(event, "subtype")) if event.get("subtype") else ""
    return (Note(NoteKind.UNSUPPORTED, {"type": subtype} if subtype else {}),)


def _name(event: Json) -> str:
    profile = event.get("user_profile")
    name = text_of(profile, "display_name") or text_of(profile, "real_name")
    return " ".join(name.split())[:MAX_NAME]
