"""What stories about alerts share: a provider whose checks a test decides, and what an alert leaves."""

from __future__ import annotations

import pytest

from tests.world import ADMIN, OWNER, PUBLIC, Person, World
from trinity_channels.api import Check, CheckState, Verification
from trinity_channels.mail.port import Mail
from trinity_channels.observability.log import Entry

GOOD = Check("webhook", CheckState.OK, "The webhook points here.")
BAD = Check("webhook", CheckState.FAILED, "The webhook points to another host.", "Save the connection again.")


class Provider:
    """What `verify` answers from now on, and how often it was asked."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: tuple[Check, ...] | Exception = (GOOD,)
        self.asked = 0
        self._world = world
        monkeypatch.setattr(world.host.plugins["whatsapp"], "verify", self._verify)

    async def _verify(self, *_: object) -> Verification:
        self.asked += 1
        if isinstance(self.answers, Exception):
            raise self.answers
        bound = await self._world.host.bindings.open(1)
        return Verification(bound.binding.account, self.answers)


async def days(world: World, crowd: list[Person], number: int) -> None:
    """So many days, on each of which everyone writes at 9 o'clock; the last one is an hour old afterwards."""
    for day in range(number):
        for person in crowd:
            await person.phone.says("hello")
        await world.later(hours=1)
        if day < number - 1:
            await world.later(hours=23)


async def waits(world: World, *, minutes: int, step: int = 10) -> None:
    """Let time pass in small steps."""
    for _ in range(minutes // step):
        await world.later(minutes=step)


def lines(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    """The log's entries of one kind."""
    return [one.getMessage() for one in caplog.records if isinstance(one.msg, Entry) and one.msg["event"] == event]


def mails(world: World) -> list[Mail]:
    """What the owner was mailed about alerts."""
    return [one for one in world.mails.to(OWNER) if "may not be reachable" in one.subject]


async def gauge(world: World, code: str) -> float:
    """The metric of one kind of alert."""
    answer = await world.http.get(f"{PUBLIC}/metrics", headers={"Authorization": f"Bearer {ADMIN}"})
    wanted = f'trinity_channels_channel_alerts{{alert="{code}",channel="whatsapp"}} '
    return next((float(line.removeprefix(wanted)) for line in answer.text.splitlines() if line.startswith(wanted)), 0.0)
