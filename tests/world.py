"""What stories are told with: see `World`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from fastapi import FastAPI
from freezegun.api import FrozenDateTimeFactory

from tests.agent import Agent, said
from tests.database import Sqlite
from tests.installed import installed
from tests.mounted import in_the_stand_in
from tests.network import Network
from trinity_channels.agents.port import AgentRuntime
from trinity_channels.api import Context, Fault
from trinity_channels.app import Ports, create_app
from trinity_channels.host import Host
from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.mail.port import Mailer
from trinity_channels.plugins import Plugins
from trinity_channels.settings import Settings
from trinity_channels.store import Tx, agent_settings, turns
from trinity_channels.store.tables.row import METADATA
from trinity_channels.store.turns import FailedTurn
from trinity_channels.testing import HostDriver
from trinity_channels.web.auth import Role, new_token
from trinity_channels_whatsapp.simulator import TwilioSimulator
from trinity_channels_whatsapp.simulator.signing import sign

__all__ = [
    "ADMIN",
    "HUMAN",
    "KEY",
    "LOCAL",
    "OWNER",
    "PUBLIC",
    "START",
    "TWILIO",
    "Agent",
    "Found",
    "Person",
    "World",
    "said",
]

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PUBLIC = "https://chat.example.org"
LOCAL = "http://127.0.0.1:8000"
TWILIO = "http://twilio.simulator"
ADMIN = "fake-admin-token-for-tests"
OWNER = "owner@example.org"
HUMAN = "help@example.org"
KEY = "00" * 32


class Person:
    """A person with a phone."""

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
        return [one.text for one in self.phone.heard() if one.ticks >= 0]

    def last(self) -> str:
        """The newest text."""
        return self.heard()[-1]

    async def verifies(self, email: str) -> None:
        """Sign in with the code from the mail."""
        await self.says(f"/login {email}")
        await self.says(f"/login {self.world.code(email)}")


class World:
    """One host with one agent, a simulated Twilio, and a mailbox, all in this process.

    Attributes:
        mounted: how the hosts of all worlds are mounted in the stand-in application; empty if they are not; see `mounted`.
        database: where all worlds have their databases.
    """

    mounted = ""
    database = Sqlite()

    def __init__(
        self,
        folder: Path,
        clock: FrozenDateTimeFactory,
        *,
        agents: AgentRuntime | None = None,
        configured: Mapping[str, Any] | None = None,
        mailer: Mailer | bool = True,
        discloses: bool = False,
        keep_bodies_days: int | None = None,
        **settings: Any,
    ) -> None:
        self.clock = clock
        self._discloses = discloses
        self.folder = folder
        self.mails = CapturedMailer()
        self.network = Network()
        self.http = self.network.client()
        given: dict[str, Any] = {
            "trinity_channels_home": folder,
            "trinity_channels_database_url": self.database.url(folder),
            "public_chat_url": PUBLIC,
            "trinity_channels_admin_token": ADMIN,
            "credential_encryption_key": KEY,
            "api_base_urls": {"twilio_api_base_url": TWILIO},
            "trinity_channels_notices_per_contact": 1000,  # stories say more in an hour; test_notice_budget has the default
            "trinity_channels_gather_seconds": 0,  # or every story would have to move the clock; test_gathering does
            "agents": {
                "support": {
                    "owner": OWNER,
                    "runtime": "echo",
                    "escalation_contact": HUMAN,
                    "keep_bodies_days": keep_bodies_days,
                },
                "sales": {"owner": "sales@example.org", "runtime": "echo"},
                "my-agent": {"owner": OWNER, "runtime": "echo"},
            },
        }
        if configured is not None:
            given["agents"] = configured
        if self.mounted:
            given["trinity_channels_pages_path"] = (
                ""  # where stories open them; in an application they are below /channels
            )
        self.settings = Settings.load(**(given | settings))
        mailing = (self.mails if mailer else None) if isinstance(mailer, bool) else mailer
        self.reads: Callable[[], Settings] = lambda: self.settings
        self.plugins: Callable[[], Plugins] = installed
        self._agents, self._mailer = agents, mailing
        self.twilio = TwilioSimulator(Context(self.http, self.now, api_base_url=TWILIO))
        self.build()

    def build(self) -> None:
        """A host that is not started, over the same database."""
        self.app, self.host = (
            in_the_stand_in(self.settings, self.ports(), self.mounted) if self.mounted else self.alone()
        )
        self.driver = HostDriver(self.host)
        hosts = dict.fromkeys((PUBLIC, PUBLIC.replace("https://", "http://"), LOCAL), self.app)
        self.network.serve({**hosts, TWILIO: self.twilio.app})

    def alone(self) -> tuple[FastAPI, Host]:
        """A host that is in no stand-in application."""
        return create_app(self.settings, self.ports())

    def ports(self) -> Ports:
        """What a host of this world is built with."""
        return Ports(
            agents=self._agents,
            mailer=self._mailer,
            http=self.http,
            websocket=self.network.sockets,
            plugins=self.plugins(),
            read_settings=self._read_again,
        )

    def _read_again(self) -> Settings:
        return self.reads()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What a statement finds in the database."""
        return self.database.rows(self.folder, statement)

    def change(self, statement: str) -> None:
        """Change the database, as an operator or an earlier version could have."""
        self.database.change(self.folder, statement)

    def everything(self) -> str:
        """All that the database holds."""
        return "\n".join(f"{name} {row}" for name in METADATA.tables for row in self.rows(f"SELECT * FROM {name}"))  # noqa: S608

    @staticmethod
    def now() -> datetime:
        """The time of the story."""
        return datetime.now(UTC)

    async def __aenter__(self) -> Self:
        await self.host.start()
        if not self._discloses:  # what it says is the subject of test_disclosure, and in the way of all other stories
            await self.host.store.write(self._say_nothing_of_ai)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.host.stop()
        await self.http.aclose()

    def _say_nothing_of_ai(self, tx: Tx) -> None:
        for name in self.settings.agents:
            agent_settings.put(tx, name, "disclosure_off", "a test")

    # --- the operator ---

    async def stops(self) -> None:
        """The host shuts down gracefully."""
        await self.host.stop()

    async def dies(self) -> None:
        """The host's process ends without a word: what runs is neither finished nor written down."""
        await self.driver.crash()

    async def starts(self) -> None:
        """A new host opens the same database."""
        self.build()
        await self.host.start()
        await self.host.periodic.caught_up()
        await self.settle()

    async def token(self, role: Role, subject: str) -> str:
        """A new token for a user (by e-mail) or an agent (by name)."""
        return await self.host.store.write(lambda tx: new_token(tx, role, subject, self.now()))

    # --- the owner ---

    async def api(self, method: str, path: str, json: Any = None, *, token: str = ADMIN) -> httpx.Response:
        """Call the host's API."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = await self.http.request(method, f"{PUBLIC}{path}", json=json, headers=headers)
        if answer.is_error and path.startswith("/api/"):
            told = answer.json()
            assert told["detail"] == told["message"], "an error without its sentence as detail"
        return answer

    async def connect(self, agent: str = "support", **changes: Any) -> httpx.Response:
        """Connect the agent to the simulated account, and the account to the host."""
        answer = await self.api("PUT", f"/api/agents/{agent}/whatsapp", {**self.twilio.settings(), **changes})
        if answer.status_code == httpx.codes.OK:
            sender = self.twilio.account.senders.get(answer.json()["from_number"])
            self.twilio.connect(answer.json()["webhook_url"], sender=sender)
        return answer

    async def binding(self, agent: str = "support") -> dict[str, Any]:
        """What the owner sees of the agent's WhatsApp."""
        answer = await self.api("GET", f"/api/agents/{agent}/whatsapp")
        shown: dict[str, Any] = answer.json()
        return shown

    async def check(self, code: str) -> dict[str, Any]:
        """One finding of the binding's health."""
        checks = (await self.binding())["health"]["checks"]
        found: dict[str, Any] = next(one for one in checks if one["code"] == code)
        return found

    async def shares(self, email: str, *, proactive: bool = False) -> None:
        """Share the agent, and perhaps allow it to write first."""
        answer = await self.api("POST", "/api/agents/support/share", {"email": email})
        assert answer.status_code == httpx.codes.OK, answer.text
        if proactive:
            body = {"email": email, "allow_proactive": True}
            answer = await self.api("PUT", "/api/agents/support/shares/proactive", body)
            assert answer.status_code == httpx.codes.OK, answer.text
        await self.settle()

    async def client(self, person: Person) -> dict[str, Any]:
        """A person as the owner sees them."""
        clients = (await self.api("GET", "/api/agents/support/clients")).json()
        found: dict[str, Any] = next(one for one in clients if one["display_name"] == person.phone.name)
        return found

    async def blocks(self, person: Person, *, blocked: bool = True) -> None:
        """Block someone, or let them back in."""
        path = f"/api/agents/support/clients/{(await self.client(person))['id']}/block"
        answer = await self.api("PUT", path, {"blocked": blocked})
        assert answer.status_code == httpx.codes.OK, answer.text
        await self.settle()

    async def failed(self) -> list[FailedTurn]:
        """The parked turns."""
        return await self.host.store.read(turns.failed)

    async def resubmits(self, turn: int) -> None:
        """Let a parked turn be tried again, as the command line does, and give the sweep time to see it."""
        await self.host.store.write(lambda tx: turns.resubmit(tx, turn, self.now()))
        await self.driver.look_again()
        await self.settle()

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
        """Approve or decline a request."""
        found = next(one for one in await self.requests() if one["email"] == email)
        path = f"/api/agents/support/access-requests/{found['id']}/decide"
        answer = await self.api("POST", path, {"approve": approve})
        assert answer.status_code == httpx.codes.OK, answer.text
        await self.settle()

    # --- people, time, mail ---

    def person(self, name: str, address: str | None = None, **options: Any) -> Person:
        """A person who can write to the agent."""
        return Person(self, name, address, **options)

    def code(self, email: str) -> str:
        """The newest code mailed to someone."""
        text = next(mail.text for mail in reversed(self.mails.mails) if mail.to == email.lower())
        found = re.search(r"\b[0-9]{6}\b", text)
        assert found, text
        return found[0]

    async def later(self, **delta: float) -> None:
        """Let time pass, and let happen what is due then."""
        self.clock.tick(timedelta(**delta))
        await self.driver.pass_time()  # what fails here fails the test
        await self.settle()

    async def much_later(self) -> None:
        """Let two minutes pass, with the host's periodic work every ten seconds: whatever comes due sets off the next."""
        for _ in range(12):
            await self.later(seconds=10)

    async def settle(self) -> None:
        """Wait until nothing is running on either side."""
        for _ in range(3):
            await self.twilio.settle()
            await self.driver.quiet()

    @staticmethod
    async def until(condition: Callable[[], bool], patience: float = 20) -> None:
        """Let everything go on until something is seen that no event tells; `patience` is in seconds."""
        async with asyncio.timeout(patience):
            while not condition():  # noqa: ASYNC110  see above
                await asyncio.sleep(0)

    def fails(self, fault: Fault, times: int = 1) -> None:
        """Let the provider's next sends go wrong."""
        self.twilio.inject(fault, times)

    # --- what comes from outside ---

    async def webhook(self, agent: str = "support") -> str:
        """The agent's webhook URL."""
        url: str = (await self.binding(agent))["webhook_url"]
        return url

    def inbound(self, text: str = "hello", sid: str = "SM" + "0" * 32) -> dict[str, str]:
        """The form with which Twilio brings a message."""
        sender = self.twilio.sender
        return {
            "AccountSid": sender.account.sid,
            "MessageSid": sid,
            "From": "whatsapp:+12025550188",
            "To": sender.address,
            "Body": text,
            "NumMedia": "0",
            "ProfileName": "Zoe",
        }

    async def posts(
        self,
        url: str,
        params: Mapping[str, str],
        *,
        signed_for: str | None = None,
        token: str | None = None,
        **headers: str,
    ) -> httpx.Response:
        """Post to a webhook as Twilio does, signed for `signed_for` (default: the same address)."""
        signature = sign(token or self.twilio.account.token, signed_for or url, params)
        headers = {"X-Twilio-Signature": signature, **headers}
        answer = await self.http.post(url, data=dict(params), headers=headers)
        await self.settle()
        return answer


Found = Callable[..., Awaitable[World]]
"""Founds a world; see the fixture `found`."""
