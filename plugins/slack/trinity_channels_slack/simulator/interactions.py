"""What Slack sends when people press buttons, choose in menus and send forms off.

https://docs.slack.dev/reference/interaction-payloads. These go to the app's interactivity URL, as a form with one field,
and are not repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trinity_channels_slack.simulator.messages import Conversation, Message
from trinity_channels_slack.simulator.people import User
from trinity_channels_slack.simulator.workspace import Workspace

Json = dict[str, Any]


def block_actions(
    workspace: Workspace,
    conversation: Conversation,
    message: Message,
    user: User,
    action_id: str,
    chosen: Mapping[str, Any],
) -> Json:
    """A person used an element of a message.

    Raises:
        LookupError: the message has no such element.
    """
    block, element = next(
        (pair for pair in _elements(message.blocks) if pair[1].get("action_id") == action_id), ({}, {})
    )
    if not element:
        raise LookupError(f"the message has no element {action_id!r}")
    action = {name: element[name] for name in ("type", "action_id", "text", "value", "placeholder") if name in element}
    return _common(workspace, user, "block_actions") | {
        "container": {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": conversation.id,
            "is_ephemeral": False,
            **({"thread_ts": message.thread_ts} if message.thread_ts else {}),
        },
        "channel": {"id": conversation.id, "name": "directmessage" if conversation.kind == "im" else conversation.name},
        "message": message.fields(),
        "state": {"values": {}},
        "response_url": f"{workspace.base_url}/actions/T0SIM0001/1/fake",
        "actions": [action | {"block_id": block.get("block_id", "b1"), "action_ts": workspace.new_ts(), **chosen}],
    }


def view_submission(workspace: Workspace, user: User, view: Mapping[str, Any]) -> Json:
    """A person submitted a form."""
    shown = {
        "id": f"V{workspace.new_ts().replace('.', '')}",
        "team_id": workspace.team_id,
        "type": "modal",
        "hash": f"{workspace.new_ts()}.fake",
        "app_id": workspace.app.id,
        "bot_id": workspace.app.bot_id,
        "private_metadata": "",
        "callback_id": "",
    }
    return _common(workspace, user, "view_submission") | {"view": shown | dict(view), "response_urls": []}


def slash_command(workspace: Workspace, user: User, command: str, text: str) -> dict[str, str]:
    """A person used a slash command. https://docs.slack.dev/interactivity/implementing-slash-commands."""
    return {
        "token": "simulated-verification-token",
        "team_id": workspace.team_id,
        "team_domain": "simulated",
        "channel_id": workspace.direct(user).id,
        "channel_name": "directmessage",
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": workspace.app.id,
        "is_enterprise_install": "false",
        "response_url": f"{workspace.base_url}/commands/T0SIM0001/1/fake",
        "trigger_id": "1.2.fake",
    }


def _common(workspace: Workspace, user: User, kind: str) -> Json:
    return {
        "type": kind,
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id},
        "api_app_id": workspace.app.id,
        "token": "simulated-verification-token",
        "trigger_id": "1.2.fake",
        "team": {"id": workspace.team_id, "domain": "simulated"},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _elements(blocks: list[Json]) -> Iterator[tuple[Json, Json]]:
    for block in blocks:
        # An element may also stand beside the text of a section.
        accessory = block.get("accessory")
        for element in [*block.get("elements", []), *([accessory] if accessory else [])]:
            yield block, element
