"""Trinity's backend with the channels in it, as the example mounts them, and three messengers outside."""

from __future__ import annotations

import re
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fastapi import FastAPI
from freezegun.api import FrozenDateTimeFactory

from examples.trinity.channels import Trinity, add_channels
from tests.channels.net import Net
from tests.examples.platform_services import Database, EmailService, SettingsService, TaskExecutionService, Tokens
from tests.stand_in import StandIn
from tests.world import PUBLIC
from trinity_channels.access.gate import GroupPolicy, Policy
from trinity_channels.principal import Principal, Role
from trinity_channels.store import Tx, agent_settings
from trinity_channels.testing import HostDriver

ADA = Principal(Role.USER, "ada")
ADA_S_MAIL = "ada@example.org"


class Backend(Net):
    """The backend: `ada` owns the agents `support` and `sales`, `root` administers.

    Attributes:
        platform: the platform's own routes, as a stand-in.
    """

    def __init__(self, folder: Path, clock: FrozenDateTimeFactory, *, first: bool = False) -> None:
        self.first = first
        self.platform = StandIn()
        self.db, self.email = Database(), EmailService()
        self.tasks = TaskExecutionService(self.db)
        self.values = SettingsService({"public_chat_url": PUBLIC})
        self.db.add_user("ada", "Ada@example.org", name="Ada Example")
        self.db.add_user("root", None, role="admin")
        self.db.owners |= {"support": "ada", "sales": "ada"}
        self.stack = AsyncExitStack()
        super().__init__(folder, clock, configured={}, trinity_channels_pages_path=None)

    def build(self) -> None:
        super().build()
        trinity = Trinity(
            self.db,
            self.tasks.execute_task,
            self.email.send_email,
            self.values,
            Tokens(self.db).get_current_user,
        )
        self.app = FastAPI()
        if not self.first:
            self.platform.add_routes(self.app)
        self.host = add_channels(self.app, trinity, self.settings, http=self.http, plugins=self.plugins())
        if self.first:
            self.platform.add_routes(self.app)
        self.app.add_api_route("/api/agents/{agent_name}/rename", self._rename, methods=["PUT"])
        self.driver = HostDriver(self.host)
        self.network.serve({PUBLIC: self.app})

    async def _rename(self, agent_name: str, new_name: str) -> dict[str, bool]:
        """The platform's route, with the line that is to be added to it."""
        renamed = self.db.rename_agent(agent_name, new_name)
        if renamed:
            await self.host.agent_renamed(agent_name, new_name)
        return {"success": renamed}

    async def purges(self, agent: str) -> None:
        """The platform's sweep, with the line that is to be added to it."""
        if self.db.purge_agent_ownership(agent):
            await self.host.agent_deleted(agent)

    async def __aenter__(self) -> Self:
        await self.stack.enter_async_context(self.app.router.lifespan_context(self.app))
        await self.host.store.write(self._say_nothing_of_ai)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stack.aclose()
        await self.http.aclose()

    def _say_nothing_of_ai(self, tx: Tx) -> None:
        agent_settings.put(tx, "support", "disclosure_off", "a test")

    async def connect_all(self) -> None:
        """Connect `support` to every messenger, as the pages do: some routes of the API are the platform's."""
        for name, simulator in self.simulators.items():
            await self.host.connections.connect(ADA, "support", name, dict(simulator.settings()))
            status = await self.host.statuses.of(ADA, "support", name)
            assert status.connection
            assert status.connection.webhook_url
            simulator.connect(status.connection.webhook_url)

    async def opens(self) -> None:
        """Let everyone in."""
        await self.host.sharing.set_policies(ADA, "support", lambda _: (Policy.OPEN, GroupPolicy.OFF))

    def code(self, email: str) -> str:
        """The newest code mailed to someone."""
        found = re.search(r"\b[0-9]{6}\b", self.mailed(email))
        assert found
        return found[0]

    def mailed(self, email: str) -> str:
        """The newest mail to someone."""
        return next(text for to, _, text in reversed(self.email.mails) if to == email)

    async def approves(self) -> None:
        """The owner follows the link in the newest mail, and approves."""
        link = re.search(r"https://\S+/decide/\S+", self.mailed(ADA_S_MAIL))
        assert link
        await self.http.get(link[0])
        answer = await self.http.post(link[0], data={"decision": "approve"}, headers={"Origin": PUBLIC})
        assert answer.status_code == 200, answer.text
        await self.settle()

    def asked(self) -> dict[str, Any]:
        """The newest run's arguments."""
        return self.tasks.tasks[-1]
