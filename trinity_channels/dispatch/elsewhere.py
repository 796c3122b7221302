"""Dispatch in a process that only receives: others of the same database run what its units wake."""

from __future__ import annotations

from trinity_channels.dispatch.port import Run


class DispatchElsewhere:
    """Runs nothing; the keys that committed units wake are found by the processes that work."""

    heard = True
    """There is nothing here that others could take over."""

    @property
    def waiting(self) -> int:
        """How many keys wait for their time: none here."""
        return 0

    async def start(self, run: Run) -> None:
        """Nothing is begun."""

    async def stop(self, grace: float) -> None:
        """Nothing runs."""

    async def quiet(self) -> None:
        """Nothing runs."""

    def fire_due(self) -> None:
        """Nothing waits here for its time."""

    def pause(self) -> None:
        """Nothing is begun in any case."""

    async def resume(self) -> None:
        """Nothing is begun in any case."""

    async def sweep(self) -> None:
        """The processes that work look for open work."""

    async def look(self) -> None:
        """The same."""

    async def abandon(self) -> None:
        """Nothing runs."""
