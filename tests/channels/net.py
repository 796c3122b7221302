"""One host, one agent, three messengers: the same stories are told on each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from freezegun.api import FrozenDateTimeFactory

from tests.installed import installed
from tests.world import PUBLIC, World
from trinity_channels.api import Context, Simulator

CHANNELS = ("whatsapp", "telegram", "slack")
# Slack tells the e-mail of members; a guest has to prove theirs like everyone elsewhere.
STRANGER = {"slack": {"guest": True}}


class Someone:
    """A person on one of the messengers."""

    def __init__(self, net: Net, channel: str, name: str, **options: Any) -> None:
        self.net = net
        self.phone: Any = net.simulators[channel].phone(name, **options)

    async def says(self, *texts: str) -> None:
        """Write, and wait for what that sets off."""
        for text in texts:
            await self.phone.says(text)
        await self.net.settle()

    def heard(self) -> list[str]:
        """What arrived, oldest first."""
        return [one.text for one in self.phone.heard()]

    async def verifies(self, email: str) -> None:
        """Sign in with the code from the mail."""
        await self.says(f"!login {email}")
        await self.says(f"!login {self.net.code(email)}")


class Net(World):
    """The world with every messenger connected to the agent `support`.

    Attributes:
        simulators: the providers, by channel.
        listening: the channels whose messages the host fetches; those of the others come by webhook.
    """

    simulators: dict[str, Simulator]
    listening: Collection[str] = ()

    def __init__(self, folder: Path, clock: FrozenDateTimeFactory, **settings: Any) -> None:
        urls = {name: f"http://{name}.simulator" for name in CHANNELS}
        providers = {"twilio_api_base_url": urls["whatsapp"]} | {
            f"{name}_api_base_url": urls[name] for name in CHANNELS[1:]
        }
        self.simulators = {}
        super().__init__(folder, clock, api_base_urls=providers, **settings)

    def build(self) -> None:
        """A host that is not started, over the same database."""
        if not self.simulators:
            plugins = installed()
            for name in CHANNELS:
                context = Context(self.http, self.now, api_base_url=f"http://{name}.simulator")
                self.simulators[name] = plugins[name].simulator(context)
        super().build()
        providers = {f"http://{name}.simulator": simulator.app for name, simulator in self.simulators.items()}
        self.network.serve({PUBLIC: self.app, **providers})

    async def connect_all(self) -> None:
        """Connect the agent to every messenger."""
        for name in self.simulators:
            if name in self.listening:
                await self.listens_to(name)
            else:
                answer = await self.api("PUT", f"/api/agents/support/{name}", dict(self.simulators[name].settings()))
                assert answer.status_code == httpx.codes.OK, answer.text
                self.simulators[name].connect(answer.json()["webhook_url"])

    async def listens_to(self, name: str) -> dict[str, Any]:
        """Connect a messenger whose messages are fetched, and wait until the host waits for some."""
        simulator: Any = self.simulators[name]
        if name == "slack":
            simulator.prepare_listening()
        answer = await self.api("PUT", f"/api/agents/support/{name}", {**simulator.settings(), "listens": True})
        assert answer.status_code == httpx.codes.OK, answer.text
        await self.until(simulator.is_polled if name == "telegram" else lambda: simulator.sockets.count == 1)
        shown: dict[str, Any] = answer.json()
        return shown

    async def settle(self) -> None:
        """Wait until nothing is running on any side; some messengers want a second between two messages."""
        for _ in range(3):
            for simulator in self.simulators.values():
                await simulator.settle()
            await self.driver.quiet()
            self.clock.tick(timedelta(seconds=1))
            self.driver.fire_due()
        await self.driver.quiet()

    def stranger(self, channel: str, name: str) -> Someone:
        """A person whose e-mail the messenger does not tell."""
        return Someone(self, channel, name, **STRANGER.get(channel, {}))
