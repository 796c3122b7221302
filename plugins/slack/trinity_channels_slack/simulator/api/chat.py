"""Posting, changing and deleting messages. https://docs.slack.dev/reference/methods/chat.postMessage.

More lenient than Slack: a post may go to any channel by its id, never by its name; a thread may be answered below any of
its messages; of `attachments` only their being there is looked at.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol

from starlette.responses import JSONResponse, Response

from trinity_channels.simulation import Arguments, text
from trinity_channels_slack.simulator.api.access import Method
from trinity_channels_slack.simulator.messages import Conversation, Message
from trinity_channels_slack.simulator.rates import too_many
from trinity_channels_slack.simulator.refusal import Refusal
from trinity_channels_slack.simulator.validity import body, fallback, metadata, sanitised
from trinity_channels_slack.simulator.workspace import Workspace

LONGEST_UPDATE = 4000


class Carrier(Protocol):
    """Sends the events of a message."""

    async def carry(self, conversation: Conversation, message: Message) -> None:
        """Return when they have been answered."""


class ChatApi:
    """`chat.*`, for the app in its own name."""

    def __init__(self, workspace: Workspace, carrier: Carrier) -> None:
        self._workspace = workspace
        self._carrier = carrier

    def methods(self) -> list[Method]:
        """What it answers."""
        return [
            Method("chat.postMessage", self._post, "chat:write", takes_json=True),
            Method("chat.update", self._update, "chat:write", takes_json=True),
            Method("chat.delete", self._delete, "chat:write", takes_json=True),
            Method("chat.getPermalink", self._permalink),
        ]

    async def _post(self, given: Arguments) -> Response:
        take = partial(self._take, given)
        return await self._workspace.faults.meet(take, self._workspace.behaviour.slow_answer)

    async def _take(self, given: Arguments) -> Response:
        workspace, behaviour = self._workspace, self._workspace.behaviour
        conversation, message = self._draft(given)
        # After the checks, before the message exists: a 429 promises that nothing was posted.
        wait = workspace.rates.post(conversation.id) if behaviour.rate_limits else 0
        if wait:
            return too_many(wait)
        conversation.add(message)
        # A thread's status ends with the app's next post.
        workspace.statuses.pop((conversation.id, message.thread_ts), None)
        # In the background: Slack answers the post whether or not the host takes the event.
        workspace.background.start(self._carrier.carry(conversation, message))
        if behaviour.internal_errors_after_storing > 0:
            behaviour.internal_errors_after_storing -= 1
            raise Refusal("internal_error")
        return JSONResponse({"ok": True, "channel": conversation.id, "ts": message.ts, "message": message.fields()})

    def _draft(self, given: Arguments) -> tuple[Conversation, Message]:
        conversation, app = self._conversation(text(given, "channel")), self._workspace.app
        root = text(given, "thread_ts")
        said, blocks = body(given)
        if root and root not in conversation.messages:
            raise Refusal("invalid_thread_ts")
        draft = Message(self._workspace.new_ts(), app.user_id, said or fallback(blocks), root, app.bot_id, app.id)
        draft.blocks, draft.metadata = blocks, metadata(given)
        return conversation, draft

    def _conversation(self, identity: str) -> Conversation:
        if not identity:
            raise Refusal("invalid_arguments")
        # A member's id opens the direct chat; Slack warns that it may also be Slackbot's.
        user = self._workspace.users.get(identity)
        found = self._workspace.direct(user) if user else self._workspace.conversations.get(identity)
        if found is None:
            raise Refusal("channel_not_found")
        if found.kind == "im" and not self._workspace.app.messages_tab:
            raise Refusal("messages_tab_disabled")
        if found.kind == "im" and any(self._workspace.users[one].deleted for one in found.members):
            raise Refusal("user_disabled")
        if found.archived:
            raise Refusal("is_archived")
        if not found.joined:
            raise Refusal("not_in_channel")
        return found

    async def _update(self, given: Arguments) -> Arguments:
        conversation, message = self._own(given)
        said = text(given, "text")
        if len(said) > LONGEST_UPDATE:
            raise Refusal("msg_too_long")
        if said:
            message.text = sanitised(said)
        return {"channel": conversation.id, "ts": message.ts, "text": message.text}

    async def _delete(self, given: Arguments) -> Arguments:
        conversation, message = self._own(given)
        del conversation.messages[message.ts]
        return {"channel": conversation.id, "ts": message.ts}

    def _own(self, given: Arguments) -> tuple[Conversation, Message]:
        conversation = self._conversation(text(given, "channel"))
        message = conversation.messages.get(text(given, "ts"))
        if message is None:
            raise Refusal("message_not_found")
        # An app changes its own messages only.
        if message.bot_id != self._workspace.app.bot_id:
            raise Refusal("cant_update_message")
        return conversation, message

    async def _permalink(self, given: Arguments) -> Arguments:
        conversation, ts = self._conversation(text(given, "channel")), text(given, "message_ts")
        if ts not in conversation.messages:
            raise Refusal("message_not_found")
        return {"channel": conversation.id, "permalink": self._workspace.link_to(conversation, ts)}
