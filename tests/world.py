"""What stories are told with: see `World`."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from freezegun.api import FrozenDateTimeFactory

from trinity_channels.agents.port import AgentRuntime
from trinity_channels.api import Context, Fault
from trinity_channels.app import Ports, create_app
from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.settings import Settings
from trinity_channels_whatsapp.simulator import TwilioSimulator

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PUBLIC = "https://chat.example.org"
TWILIO = "http://twilio.simulator"
ADMIN = "fake-admin-token-for-tests"
OWNER = "owner@example.org"
KEY = "00" * 32


class Person:
    """Somebody with a phone."""

    def __init__(self, world: World, name: str, address: str | None = None, **options: Any) -> None:
        self.world = world
        self.phone = world.twilio.phone(name, address, **options)

    async def says(self, *texts: str) -> None:
        """Write messages one after another; everything they set off is over when this returns."""
        for text in texts:
            await self.phone.says(text)
        await self.world.settle()

    def heard(self) -> list[str]:
        """The texts that arrived, oldest first."""
        return [one.text for one in self.phone.heard()]

    async def verifies(self, email: str) -> None:
        """Sign in with the code from the mail."""
        await self.says(f"/login {email}")
        await self.says(f"/login {self.world.code(email)}")


class World:
    """One host with one agent, a simulated Twilio, and a mailbox, all in this process."""

    def __init__(
        self,
        folder: Path,
        clock: FrozenDateTimeFactory,
        *,
        agents: AgentRuntime | None = None,
        mailer: bool = True,
        **settings: Any,
    ) -> None:
        self.clock = clock
        self.mails = CapturedMailer()
        self.http = httpx.AsyncClient()
        given: dict[str, Any] = {
            "trinity_channels_home": folder,
            "public_chat_url": PUBLIC,
            "trinity_channels_admin_token": ADMIN,
            "credential_encryption_key": KEY,
            "api_base_urls": {"twilio_api_base_url": TWILIO},
            "agents": {
                "support": {"owner": OWNER, "runtime": "echo"},
                "sales": {"owner": "sales@example.org", "runtime": "echo"},
            },
        }
        self.settings = Settings.load(**(given | settings))
        ports = Ports(agents=agents, mailer=self.mails if mailer else None, http=self.http)
        self.app, self.host = create_app(self.settings, ports)
        self.twilio = TwilioSimulator(Context(self.http, self.now, api_base_url=TWILIO))
        self.http._mounts = {
            httpx._utils.URLPattern(PUBLIC): httpx.ASGITransport(self.app),
            httpx._utils.URLPattern(TWILIO): httpx.ASGITransport(self.twilio.app),
        }

    @staticmethod
    def now() -> datetime:
        """The time of the story."""
        return datetime.now(UTC)

    async def __aenter__(self) -> Self:
        self._exit = contextlib.AsyncExitStack()
        await self._exit.enter_async_context(self.host)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exit.aclose()
        await self.http.aclose()

    # --- the owner ---

    async def api(self, method: str, path: str, json: Any = None, *, token: str = ADMIN) -> httpx.Response:
        """Call the host's API."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self.http.request(method, f"{PUBLIC}{path}", json=json, headers=headers)

    async def connect(self, agent: str = "support", **changes: Any) -> httpx.Response:
        """Connect the agent to the simulated account, and the account to the host."""
        answer = await self.api("PUT", f"/api/agents/{agent}/whatsapp", {**self.twilio.settings(), **changes})
        if answer.status_code == httpx.codes.OK:
            self.twilio.connect(answer.json()["webhook_url"])
        return answer

    async def policy(self, policy: str, agent: str = "support") -> None:
        """Change who may chat."""
        answer = await self.api("PUT", f"/api/agents/{agent}/access-policy", {"policy": policy})
        assert answer.status_code == httpx.codes.OK, answer.text
        await self.settle()

    async def requests(self, status: str = "pending") -> list[dict[str, Any]]:
        """The agent's access requests."""
        answer = await self.api("GET", f"/api/agents/support/access-requests?status={status}")
        found: list[dict[str, Any]] = answer.json()
        return found

    async def decides(self, email: str, *, approve: bool = True) -> None:
        """Let somebody in, or decline."""
        found = next(one for one in await self.requests() if one["email"] == email)
        path = f"/api/agents/support/access-requests/{found['id']}/decide"
        answer = await self.api("POST", path, {"approve": approve})
        assert answer.status_code == httpx.codes.OK, answer.text
        await self.settle()

    # --- people, time, mail ---

    def person(self, name: str, address: str | None = None, **options: Any) -> Person:
        """Somebody who can write to the agent."""
        return Person(self, name, address, **options)

    def code(self, email: str) -> str:
        """The newest code mailed to somebody."""
        text = next(mail.text for mail in reversed(self.mails.mails) if mail.to == email)
        found = re.search(r"\b[0-9]{6}\b", text)
        assert found, text
        return found[0]

    async def later(self, **delta: float) -> None:
        """Let time pass, and let happen what is due then."""
        self.clock.tick(timedelta(**delta))
        self.host.dispatcher.fire_due()
        await self.settle()

    async def settle(self) -> None:
        """Wait until nothing is running on either side."""
        for _ in range(3):
            await self.twilio.settle()
            await self.host.dispatcher.quiet()

    def fails(self, fault: Fault, times: int = 1) -> None:
        """Let the provider's next sends go wrong."""
        self.twilio.inject(fault, times)
