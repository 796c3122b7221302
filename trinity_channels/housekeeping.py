"""Runs the host's periodic work. One chore that fails keeps no other from running, and its cause is logged once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

import structlog

from trinity_channels.failures import Failures, cause_of
from trinity_channels.metrics import Metrics

log = structlog.get_logger(__name__)


class Chore(Protocol):
    """Something to be done periodically."""

    async def run(self) -> None:
        """Do what is due; an error is logged, and the next round tries again."""


class Housekeeping:
    """The chores, by the names that logs and metrics show."""

    def __init__(self, chores: Mapping[str, Chore], metrics: Metrics, now: Callable[[], datetime]) -> None:
        self.chores = chores
        self._metrics = metrics
        self._failures = Failures(now)
        self.running = asyncio.Lock()

    async def run(self) -> None:
        """Run every chore once, one after another, and never two rounds at a time."""
        async with self.running:
            await self._round()

    async def _round(self) -> None:
        for name, chore in self.chores.items():
            try:
                await chore.run()
            except Exception as error:
                self._metrics.chore_failures.labels(name).inc()
                cause = cause_of(error)
                if self._failures.is_news(name, cause):
                    log.exception("chore failed", chore=name, cause=cause)
            else:
                if self._failures.ended(name):
                    log.info("chore works again", chore=name)
