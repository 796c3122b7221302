"""Opening and reading conversations. https://docs.slack.dev/reference/methods/conversations.history."""

from __future__ import annotations

import base64
from collections.abc import Iterable

from trinity_channels.simulation import Arguments, text, truth
from trinity_channels_slack.simulator.api.access import Method
from trinity_channels_slack.simulator.messages import Conversation, Message
from trinity_channels_slack.simulator.refusal import Refusal
from trinity_channels_slack.simulator.workspace import HISTORY_SCOPES, Workspace

DEFAULT_PAGE = 100
MOST = 999
# https://docs.slack.dev/changelog/2025/05/29/rate-limit-changes-for-non-marketplace-apps
COMMERCIAL_PAGE = 15
_CURSOR = "next:"


class ConversationsApi:
    """`conversations.*`, as far as an app of ours needs it."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def methods(self) -> list[Method]:
        """What it answers."""
        return [
            Method("conversations.open", self._open, "im:write", takes_json=True),
            Method("conversations.history", self._history, takes_json=True),
            Method("conversations.replies", self._replies),
        ]

    async def _open(self, given: Arguments) -> Arguments:
        user = self._workspace.users.get(text(given, "users"))
        if user is None:
            raise Refusal("user_not_found")
        if user.deleted:
            raise Refusal("user_disabled")
        # Opening one that is open gives the same.
        return {"channel": {"id": self._workspace.direct(user).id}}

    async def _history(self, given: Arguments) -> Arguments:
        return self._page(self._readable(given).history(), given)

    async def _replies(self, given: Arguments) -> Arguments:
        conversation = self._readable(given)
        root = conversation.root(text(given, "ts"))
        if root is None:
            raise Refusal("thread_not_found")
        return self._page(conversation.replies(root), given)

    def _readable(self, given: Arguments) -> Conversation:
        found = self._workspace.conversations.get(text(given, "channel"))
        if found is None:
            raise Refusal("channel_not_found")
        scope = HISTORY_SCOPES[found.kind]
        if scope not in self._workspace.app.scopes:
            raise Refusal("missing_scope", needed=scope, provided=",".join(self._workspace.app.scopes))
        if not found.joined:
            raise Refusal("not_in_channel")
        return found

    def _page(self, messages: Iterable[Message], given: Arguments) -> Arguments:
        oldest, latest = text(given, "oldest"), text(given, "latest")
        found = [
            one
            for one in messages
            if (not oldest or _order(one.ts) > _order(oldest)) and (not latest or _order(one.ts) < _order(latest))
        ]
        start = _start(text(given, "cursor"))
        behaviour = self._workspace.behaviour
        most = min(behaviour.page_size, COMMERCIAL_PAGE) if behaviour.commercial else behaviour.page_size
        end = start + min(_limit(given.get("limit")), most)
        more = end < len(found)
        # Without the flag only the metadata's type is listed, as in Slack.
        metadata = truth(given, "include_all_metadata")
        return {
            "messages": [one.fields(all_metadata=metadata) for one in found[start:end]],
            "has_more": more,
            "response_metadata": {"next_cursor": base64.b64encode(f"{_CURSOR}{end}".encode()).decode() if more else ""},
        }


def _limit(given: object) -> int:
    limit = str(given or DEFAULT_PAGE)
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= MOST):
        raise Refusal("invalid_limit")
    return int(limit)


def _start(cursor: str) -> int:
    """Where a page begins, by the cursor of the one before."""
    if not cursor:
        return 0
    try:
        decoded = base64.b64decode(cursor, validate=True).decode()
    except ValueError:
        raise Refusal("invalid_cursor") from None
    if not (decoded.startswith(_CURSOR) and decoded.removeprefix(_CURSOR).isdigit()):
        raise Refusal("invalid_cursor")
    return int(decoded.removeprefix(_CURSOR))


def _order(ts: str) -> tuple[int, int]:
    seconds, _, fraction = ts.partition(".")
    if not (seconds.isascii() and seconds.isdigit()):
        raise Refusal("invalid_ts_oldest")
    # As two integers: a float would mix up neighbours.
    return int(seconds), int(fraction.ljust(6, "0") or 0)
