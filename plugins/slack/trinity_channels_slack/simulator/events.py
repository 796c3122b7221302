"""Events as Slack wraps them. https://docs.slack.dev/apis/events-api/."""

from __future__ import annotations

import secrets
from typing import Any

from trinity_channels_slack.simulator.messages import Conversation, Message
from trinity_channels_slack.simulator.workspace import HISTORY_SCOPES, Workspace

CHANNEL_TYPES = {"im": "im", "channel": "channel", "private": "group", "mpim": "mpim"}


def envelope(workspace: Workspace, event: dict[str, Any], *, shared: bool = False) -> dict[str, Any]:
    """Wrap one event; every call gives it another `event_id`."""
    app = workspace.app
    return {
        "token": "simulated-verification-token",
        "team_id": workspace.team_id,
        "context_team_id": workspace.team_id,
        "api_app_id": app.id,
        "event": event,
        "type": "event_callback",
        "event_id": f"Ev{secrets.token_hex(5).upper()}",
        "event_time": int(workspace.clock().timestamp()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": workspace.team_id,
                "user_id": app.user_id,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": shared,
        "event_context": "4-simulated",
    }


def of_message(workspace: Workspace, conversation: Conversation, message: Message) -> list[dict[str, Any]]:
    """Every event that one message sets off, scopes permitting: a mention in a channel has two."""
    app, shared = workspace.app, False
    event = message.fields() | {"channel": conversation.id, "event_ts": message.ts} | _thread(conversation, message)
    user = workspace.users.get(message.user)
    if user is not None:
        shared = user.stranger
        event |= {"team": user.team_id, "user_team": user.team_id, "source_team": user.team_id}
        # Only people's messages have one; it is the same in both events of a mention.
        event["client_msg_id"] = f"00000000-0000-4000-8000-{message.ts.replace('.', '')[-12:]}"
    as_message = event | {"channel_type": CHANNEL_TYPES[conversation.kind]}
    # Without the scope Slack sends no event, and reports no error either.
    found = [as_message] if HISTORY_SCOPES[conversation.kind] in app.scopes else []
    # A direct chat never gives app_mention.
    mentioned = not message.bot_id and f"<@{app.user_id}>" in message.text and conversation.kind != "im"
    if mentioned and "app_mentions:read" in app.scopes:
        as_mention = event | {"type": "app_mention"}
        if workspace.behaviour.only_app_mention:
            found = [as_mention]
        else:
            found.insert(len(found) if workspace.behaviour.message_first else 0, as_mention)
    return [envelope(workspace, one, shared=shared) for one in found]


def _thread(conversation: Conversation, message: Message) -> dict[str, Any]:
    """What an event reports about the thread that a reply stands in; with its root if the channel sees the reply too."""
    root = conversation.messages.get(message.thread_ts)
    if root is None or root is message:
        return {}
    shown = {"root": root.fields()} if message.subtype == "thread_broadcast" else {}
    return {"parent_user_id": root.user, **shown}


def edited(
    workspace: Workspace, conversation: Conversation, message: Message, previous: dict[str, Any]
) -> dict[str, Any]:
    """`message_changed`."""
    ts = workspace.new_ts()
    new = message.fields() | {"edited": {"user": message.user, "ts": ts}}
    return _hidden(workspace, conversation, ts, subtype="message_changed", message=new, previous_message=previous)


def deleted(workspace: Workspace, conversation: Conversation, message: Message) -> dict[str, Any]:
    """`message_deleted`."""
    ts, was = workspace.new_ts(), message.fields()
    return _hidden(workspace, conversation, ts, subtype="message_deleted", deleted_ts=message.ts, previous_message=was)


def _hidden(workspace: Workspace, conversation: Conversation, ts: str, **fields: Any) -> dict[str, Any]:
    """What became of a message: an event that the conversation does not show."""
    event = {
        "type": "message",
        "hidden": True,
        "channel": conversation.id,
        "channel_type": CHANNEL_TYPES[conversation.kind],
        "ts": ts,
        "event_ts": ts,
    }
    return envelope(workspace, event | fields)
