"""What the demo does in the owner's name, over the host's HTTP API, like any other client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import httpx

from trinity_channels.cli.errors import CommandFailed
from trinity_channels.plugins import LISTENS


class Owner:
    """Speaks to the API for one agent. Every method raises CommandFailed with the API's own words."""

    def __init__(self, http: httpx.AsyncClient, url: str, agent: str, token: str) -> None:
        self._http = http
        self.agent = agent
        self.url = url
        self.token = token

    async def set_public_address(self, url: str) -> None:
        """Set the Public Chat URL, which the owner may change or remove; a value of the settings would come back."""
        await self._ask("PUT", "settings/public_chat_url", {"value": url})

    async def connect(self, channel: str, settings: Mapping[str, str], *, listens: bool) -> str | None:
        """Connect the agent; returns the webhook URL to give to the provider, None if the host fetches the messages."""
        connected = await self._call("PUT", channel, {**settings, LISTENS: True} if listens else dict(settings))
        return cast("str | None", connected["webhook_url"])

    async def is_connected(self, channel: str) -> bool:
        """Whether the host, which fetches a channel's messages, is connected to the provider."""
        connection = (await self._call("GET", channel))["connection"]
        return bool(connection and connection["connected_since"])

    async def requests(self, status: str = "") -> list[dict[str, Any]]:
        """Access requests, newest first; an empty status means all."""
        return cast("list[dict[str, Any]]", await self._call("GET", f"access-requests?status={status}"))

    async def decide(self, request: int, *, approve: bool) -> None:
        """Approve or decline a request."""
        await self._call("POST", f"access-requests/{request}/decide", {"approve": approve})

    async def allow_proactive(self, email: str) -> None:
        """Let the agent write to a person first."""
        await self._call("PUT", "shares/proactive", {"email": email, "allow_proactive": True})

    async def send(self, email: str, channel: str, text: str, *, token: str | None = None) -> str:
        """Let the agent write first, with its own key if there is one; returns the message's id."""
        body = {"recipient_email": email, "channel": channel, "text": text}
        return str((await self._call("POST", "messages", body, token=token))["message_id"])

    async def message(self, message: str, *, token: str | None = None) -> dict[str, Any]:
        """What became of a message."""
        return cast("dict[str, Any]", await self._call("GET", f"messages/{message}", token=token))

    async def _call(self, method: str, path: str, body: object = None, *, token: str | None = None) -> Any:
        return await self._ask(method, f"agents/{self.agent}/{path}", body, token=token)

    async def _ask(self, method: str, path: str, body: object = None, *, token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token or self.token}"}
        answer = await self._http.request(method, f"{self.url}/api/{path}", json=body, headers=headers)
        if answer.is_success:
            return answer.json()
        # Shown on the page as it is: a demo that fails should teach what the API says.
        raise CommandFailed(f"{method} {path} was answered {answer.status_code}: {answer.json().get('message')}")
