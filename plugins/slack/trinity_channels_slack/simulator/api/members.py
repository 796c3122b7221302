"""Who we are, who they are, and small signs of life: auth.test, users.info, reactions, a thread's status."""

from __future__ import annotations

from trinity_channels.simulation import Arguments, text
from trinity_channels_slack.simulator.api.access import Method
from trinity_channels_slack.simulator.messages import Message
from trinity_channels_slack.simulator.refusal import Refusal
from trinity_channels_slack.simulator.workspace import Workspace

# The names that a reaction may have. Slack knows some 1,900 and those that a workspace has added; here it is these, and
# what is not among them is refused as Slack refuses what it does not know.
EMOJI = frozenset(
    {
        "+1",
        "-1",
        "eyes",
        "heart",
        "heavy_check_mark",
        "hourglass",
        "hourglass_flowing_sand",
        "ok_hand",
        "pray",
        "question",
        "raised_hands",
        "robot_face",
        "rocket",
        "speech_balloon",
        "tada",
        "thinking_face",
        "thumbsdown",
        "thumbsup",
        "warning",
        "wave",
        "white_check_mark",
        "x",
    }
)


class MembersApi:
    """The methods that concern people."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def methods(self) -> list[Method]:
        """What it answers."""
        return [
            Method("users.info", self._user, "users:read"),
            Method("reactions.add", self._react, "reactions:write", takes_json=True),
            Method("reactions.remove", self._unreact, "reactions:write", takes_json=True),
            Method("assistant.threads.setStatus", self._status, "chat:write", takes_json=True),
            Method("auth.test", self._test),
            Method("bots.info", self._bot, "users:read"),
        ]

    async def _test(self, _: Arguments) -> Arguments:
        app = self._workspace.app
        return {
            "url": "https://simulated.slack.com/",
            "team": self._workspace.team_name,
            "user": app.name,
            "team_id": self._workspace.team_id,
            "user_id": app.user_id,
            "bot_id": app.bot_id,
            # No app_id: it is optional in Slack's answer, so the plugin has to do without.
            "is_enterprise_install": False,
        }

    async def _bot(self, given: Arguments) -> Arguments:
        app = self._workspace.app
        if text(given, "bot") != app.bot_id:
            raise Refusal("bot_not_found")
        return {"bot": {"id": app.bot_id, "deleted": False, "name": app.name, "app_id": app.id, "user_id": app.user_id}}

    async def _user(self, given: Arguments) -> Arguments:
        user = self._workspace.users.get(text(given, "user"))
        if user is None:
            raise Refusal("user_not_found")
        # Without the scope the address is missing, and nothing says so.
        return {"user": user.fields(with_email="users:read.email" in self._workspace.app.scopes)}

    async def _react(self, given: Arguments) -> Arguments:
        if text(given, "name").strip(":") not in EMOJI:
            raise Refusal("invalid_name")
        users = self._message(given).reactions.setdefault(text(given, "name").strip(":"), set())
        if self._workspace.app.user_id in users:
            raise Refusal("already_reacted")
        users.add(self._workspace.app.user_id)
        return {}

    async def _unreact(self, given: Arguments) -> Arguments:
        users = self._message(given).reactions.get(text(given, "name"), set())
        if self._workspace.app.user_id not in users:
            raise Refusal("no_reaction")
        users.remove(self._workspace.app.user_id)
        return {}

    async def _status(self, given: Arguments) -> Arguments:
        thread = text(given, "channel_id"), text(given, "thread_ts")
        if thread[0] not in self._workspace.conversations:
            raise Refusal("channel_not_found")
        self._workspace.statuses[thread] = text(given, "status")
        return {}

    def _message(self, given: Arguments) -> Message:
        conversation = self._workspace.conversations.get(text(given, "channel"))
        if conversation is None:
            raise Refusal("channel_not_found")
        message = conversation.messages.get(text(given, "timestamp"))
        if message is None:
            raise Refusal("message_not_found")
        return message
