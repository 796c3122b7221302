"""The simulator's HTTP side: Slack's Web API under `/api/`, and the page."""

from __future__ import annotations

from starlette.applications import Starlette

from trinity_channels.simulation import page_routes
from trinity_channels_slack.simulator.api.access import Method, endpoint, unknown
from trinity_channels_slack.simulator.api.chat import ChatApi
from trinity_channels_slack.simulator.api.connections import ConnectionsApi
from trinity_channels_slack.simulator.api.conversations import ConversationsApi
from trinity_channels_slack.simulator.api.members import MembersApi
from trinity_channels_slack.simulator.api.page import People, WorkspacePage
from trinity_channels_slack.simulator.sockets import Sockets
from trinity_channels_slack.simulator.workspace import Workspace


def application(workspace: Workspace, people: People, sockets: Sockets) -> Starlette:
    """Everything that is served; the most frequent routes come first."""
    methods: list[Method] = [
        *ChatApi(workspace, people).methods(),
        *ConversationsApi(workspace).methods(),
        *MembersApi(workspace).methods(),
        *ConnectionsApi(sockets).methods(),
    ]
    served = [endpoint(workspace, method) for method in methods]
    return Starlette(routes=[*served, unknown(), sockets.route(), *page_routes(WorkspacePage(workspace, people))])
