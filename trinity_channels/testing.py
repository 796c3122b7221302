"""Drives a host in tests of an application: brings it to rest, does its periodic work at once, ends it as a crash would.

```python
async with Host(settings, ports) as host:
    driver = HostDriver(host)
    await client.post(webhook_url, ...)
    await driver.quiet()  # every answer has been handed to the provider
```

A test that moves its clock calls `pass_time` afterwards. Nothing here waits for real time to pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trinity_channels.host import Host


@dataclass(frozen=True, slots=True)
class Counts:
    """What a host has in hand.

    Attributes:
        conversations_waiting: conversations that wait for their time, such as the end of a back-off.
        turns_waiting: turns that wait for a slot of their agent.
        slots_free: slots that are not in use.
        contacts_served: contacts that hold a slot.
        body_bytes: bytes of webhook bodies that are read or handled.
        bodies_of: bindings with such bodies.
    """

    conversations_waiting: int
    turns_waiting: int
    slots_free: int
    contacts_served: int
    body_bytes: int
    bodies_of: int


class HostDriver:
    """A started host in the hands of a test."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @property
    def chores(self) -> Iterable[str]:
        """The names of the periodic work, as logs and metrics show them."""
        return tuple(self._host.housekeeping.chores)

    def counts(self) -> Counts:
        """What the host has in hand now."""
        slots, bodies = self._host.slots, self._host.webhook.bodies
        return Counts(
            conversations_waiting=self._host.dispatcher.waiting,
            turns_waiting=slots.waiting,
            slots_free=slots.free,
            contacts_served=slots.holders,
            body_bytes=bodies.in_flight,
            bodies_of=bodies.bindings,
        )

    async def quiet(self) -> None:
        """Wait until no turn and no delivery is running; what waits for its time stays."""
        await self._host.dispatcher.quiet()

    def fire_due(self) -> None:
        """Begin what is due by the host's clock."""
        self._host.dispatcher.fire_due()
        self._host.periodic.listeners.try_due()

    async def pass_time(self) -> None:
        """Do what the host does when time has passed: begin what is due, and all periodic work once.

        Raises:
            Exception: whatever a chore raises.
        """
        self.fire_due()
        for name in self.chores:
            await self.do(name)

    async def do(self, chore: str) -> None:
        """Do one piece of periodic work now.

        Raises:
            Exception: whatever it raises.
        """
        await self._host.housekeeping.do(chore)

    async def look_again(self) -> None:
        """Look for work that another process has left in the database; the host does so every five seconds."""
        await self._host.dispatcher.sweep()

    def pause(self) -> None:
        """Go on receiving, and begin no work until `resume` or `crash`."""
        self._host.dispatcher.pause()

    async def resume(self) -> None:
        """Begin what has come since `pause`."""
        await self._host.dispatcher.resume()

    async def crash(self) -> None:
        """End as a killed process does: what is running is neither finished nor recorded. Another host may start then."""
        self.pause()
        await self._host.store.close()
        await self._host.periodic.end()
        await self._host.dispatcher.abandon()
        await self._host.indicator.stop()
        if self._host.place is not None:  # nothing of a dead process stays in the application
            self._host.place.closed()
