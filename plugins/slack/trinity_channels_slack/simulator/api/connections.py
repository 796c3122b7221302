"""apps.connections.open: the address of a WebSocket for Socket Mode."""

from __future__ import annotations

from trinity_channels.simulation import Arguments
from trinity_channels_slack.simulator.api.access import Method
from trinity_channels_slack.simulator.refusal import Refusal
from trinity_channels_slack.simulator.sockets import Sockets


class ConnectionsApi:
    """The methods for Socket Mode."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets

    def methods(self) -> list[Method]:
        """What it answers."""
        return [Method("apps.connections.open", self._open, "connections:write", takes_json=True, app_level=True)]

    async def _open(self, given: Arguments) -> Arguments:
        # "passing it as a POST parameter will result in an error"
        if "token" in given:
            raise Refusal("invalid_auth")
        # Also while Socket Mode is switched off: the connection itself is then refused.
        return {"url": self._sockets.ticket()}
