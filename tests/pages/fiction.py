"""A host with a fictional company's agents, people and troubles, for pictures of the pages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from freezegun.api import FrozenDateTimeFactory

from tests.channels.net import Net, Someone
from tests.world import Agent
from trinity_channels.agents.port import AgentFailed
from trinity_channels.api import Fault

OWNER = "ines@example.org"
AGENTS = ("front-desk", "lab-notes", "order-help", "travel-desk")
CONNECTED = {"front-desk": "whatsapp", "order-help": "telegram", "lab-notes": "slack"}
POLICIES = {"front-desk": "open", "order-help": "open", "lab-notes": "require_email"}


class Fiction(Net):
    """One owner, four agents of which three are connected, and a morning's messages."""

    def __init__(self, folder: Path, clock: FrozenDateTimeFactory, **settings: Any) -> None:
        self.agent = Agent()
        super().__init__(folder, clock, agents=self.agent, **settings)
        model = self.settings.agents["support"].model_copy(update={"owner": OWNER})
        self.settings = self.settings.model_copy(update={"agents": dict.fromkeys(AGENTS, model)})
        self.build()

    async def connect_all(self) -> None:
        for agent, channel in CONNECTED.items():
            simulator = self.simulators[channel]
            answer = await self.api("PUT", f"/api/agents/{agent}/{channel}", dict(simulator.settings()))
            assert answer.status_code == httpx.codes.OK, answer.text
            simulator.connect(answer.json()["webhook_url"])
            await self.policy(POLICIES[agent], agent)

    async def lives(self) -> None:
        """What happened before the picture is taken."""
        await self.connect_all()
        await self._talk()
        await self._troubles()
        await self._requests()
        self.clock.tick(timedelta(minutes=3))

    async def _talk(self) -> None:
        dana = Someone(self, "whatsapp", "Dana Whitfield")
        self.agent.will_answer("Good morning! We are open until six today, and on Saturday from nine to one.")
        await dana.says("Hello, how long are you open today?")
        self.agent.will_answer("I have put you down for **Thursday at 10:30**. You will get a reminder the day before.")
        await dana.says("Then I would like an appointment on Thursday morning")
        self.agent.will_answer("Your parcel is with the carrier and arrives tomorrow between 9 and 12.")
        await Someone(self, "telegram", "Jonas Berg").says("Where is my parcel?")
        self.agent.will_answer("Three new results since yesterday; the longest run took 41 minutes.")
        await self._change_their_mind(Someone(self, "slack", "Priya Raman", email="priya@example.org"))
        self.clock.tick(timedelta(hours=2))
        self.agent.will_answer(AgentFailed("The model did not answer within 120 seconds"))
        await dana.says("Can I bring my dog?")

    async def _change_their_mind(self, priya: Someone) -> None:
        asked = await priya.phone.writes_in_blocks("Anything new in the lab since Thursday?")
        await self.settle()
        self.agent.will_answer("You are welcome.")
        thanked = await priya.phone.writes_in_blocks("Thnaks")
        await self.settle()
        self.clock.tick(timedelta(minutes=4))
        await priya.phone.edits(asked, "Anything new in the lab since yesterday?")
        slack: Any = self.simulators["slack"]
        await slack.delete(thanked)
        await self.settle()

    async def _troubles(self) -> None:
        self.simulators["telegram"].inject(Fault.UNAUTHORIZED, 1)
        self.agent.will_answer("It left our house this morning.")
        await Someone(self, "telegram", "Mara Lind").says("And mine, order 1182?")

    async def _requests(self) -> None:
        await self.policy("require_sharing", "front-desk")
        for name, email, words in (
            (
                "Tomas Novak",
                "tomas@example.org",
                "Hello, I would like to move my appointment from Friday to next week.",
            ),
            ("Aiko Mori", "aiko@example.org", "Do you have a wheelchair ramp?"),
        ):
            person = Someone(self, "whatsapp", name)
            await person.says(words)
            await person.verifies(email)
            self.clock.tick(timedelta(minutes=8))
