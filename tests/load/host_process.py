"""The besieged host: a process that is started and killed again and again over one database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg

from tests.load.databases import Database
from tests.load.points import FULL, MUTE
from tests.load.siege import ADMIN, ROOT, eventually, free_port

KEY = "00" * 32
_CONFIG = """
[agents.support]
owner = "owner@example.org"
runtime = "openai"
base_url = "{model}/v1"
model = "counting"
"""
_OPEN_WORK = """
SELECT 'message ' || state, count(*) FROM trinity_channels_message WHERE state IN ('waiting', 'answering') GROUP BY state
UNION ALL SELECT 'turn ' || state, count(*) FROM trinity_channels_turn WHERE state IN ('open', 'failed') GROUP BY state
UNION ALL
SELECT 'delivery ' || state, count(*) FROM trinity_channels_delivery
WHERE state IN ('ready', 'sending', 'reconciling') GROUP BY state
"""
_LAST_ATTEMPTS = "SELECT count(*) FROM trinity_channels_turn WHERE state = 'open' AND attempts >= 3"


@dataclass
class HostProcess:
    """A process of a host, and the database that it works on.

    `settings` are variables besides its own; without an address of a model it has no agents of its own. `name` is what it is
    in reports, `command` what it runs, `public` where the provider reaches the host, if that is not this process. `sabotage`
    names a way to break it.
    """

    folder: Path
    database: Database
    model: str
    twilio: str
    settings: Mapping[str, str] = field(default_factory=dict)
    name: str = "serve"
    command: tuple[str, ...] = ("serve",)
    public: str = ""
    sabotage: str = ""
    port: int = field(default_factory=free_port)
    process: asyncio.subprocess.Process | None = None

    def __post_init__(self) -> None:
        self._orders = self.folder / f"{self.port}.orders"
        self._log = self.folder / f"{self.port}.log"

    @property
    def url(self) -> str:
        """Where it listens, if it does."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What all its processes wrote."""
        return self._log.read_text()

    async def start(self) -> None:
        """Start it; returns at once."""
        config = self.folder / "channels.toml"
        config.write_text(_CONFIG.format(model=self.model) if self.model else "")
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ},
            "TRINITY_CHANNELS_HOME": str(self.folder),
            "TRINITY_CHANNELS_CONFIG": str(config),
            "TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY": KEY,
            "TRINITY_CHANNELS_ADMIN_TOKEN": ADMIN,
            "TRINITY_CHANNELS_DATABASE_URL": self.database.url,
            "PUBLIC_CHAT_URL": self.public or self.url,
            "TWILIO_API_BASE_URL": self.twilio,
            **self.settings,
        }
        with self._log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "tests.load.host", str(self._orders), self.sabotage),
                *(*self.command, "--port", str(self.port)),
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
            )

    async def ready(self) -> None:
        """Wait until it serves.

        Raises:
            TimeoutError: it is stuck, or has crashed.
        """
        await eventually(self._is_ready, 120, lambda: f"the host is ready\n{self.log[-2000:]}")

    async def _is_ready(self) -> bool:
        self._must_run()
        try:
            async with httpx.AsyncClient() as client:
                return (await client.get(f"{self.url}/readyz", timeout=5)).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def order(self, point: str, times: int) -> None:
        """Tell it to stop itself at a point, when it has passed it so often."""
        draft = self._orders.with_suffix(".draft")
        draft.write_text(f"{point} {times}")
        draft.rename(self._orders)

    def forget_order(self) -> None:
        """Let it pass; it may have stopped itself by now."""
        self._orders.unlink(missing_ok=True)

    def is_stopped(self) -> bool:
        """Whether it has been stopped, or has stopped itself."""
        process = self._must_run()
        # The name before it may contain spaces, but this is Python's. https://man7.org/linux/man-pages/man5/proc.5.html
        return Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2].startswith("T")

    def withhold_heartbeats(self) -> None:
        """Let no heartbeat of it be written, until `write_heartbeats`."""
        self._orders.with_suffix(MUTE).touch()

    def write_heartbeats(self) -> None:
        """Let them be written again."""
        self._orders.with_suffix(MUTE).unlink()

    def fill_disk(self) -> None:
        """Let the transaction fail in which it has stopped."""
        self._orders.with_suffix(FULL).touch()

    def disk_is_full(self) -> bool:
        """Whether that transaction has not failed yet."""
        return self._orders.with_suffix(FULL).exists()

    def has_ended(self) -> bool:
        """Whether it is to be started again."""
        return self.process is not None and self.process.returncode is not None

    def stop(self) -> None:
        """Stop it now."""
        self._must_run().send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on."""
        self._must_run().send_signal(signal.SIGCONT)

    def _must_run(self) -> asyncio.subprocess.Process:
        assert self.process is not None
        assert self.process.returncode is None, f"the host has crashed\n{self.log[-2000:]}"
        return self.process

    async def end(self, how: signal.Signals) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        process = self._must_run()
        process.send_signal(how)
        if how is not signal.SIGKILL:
            process.send_signal(signal.SIGCONT)
        async with asyncio.timeout(20):
            return await process.wait()

    async def gone(self) -> None:
        """End it whatever state it is in."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
            await self.process.wait()

    async def connect(self, settings: Mapping[str, str]) -> str:
        """Connect the agent and open it to everyone; returns the webhook's address."""
        headers = {"Authorization": f"Bearer {ADMIN}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60) as client:
            connected = await client.put("/api/agents/support/whatsapp", json=dict(settings))
            assert connected.status_code == httpx.codes.OK, connected.text
            opened = await client.put("/api/agents/support/access-policy", json={"policy": "open"})
            assert opened.status_code == httpx.codes.OK, opened.text
        return str(connected.json()["webhook_url"])

    def open_work(self) -> dict[str, int]:
        """How much its database holds that is not done, by kind and state; something if that cannot be told now."""
        try:
            return dict(self.database.rows(_OPEN_WORK))
        except (sqlite3.OperationalError, psycopg.OperationalError):
            return {"database away": 1}

    def last_attempts(self) -> int:
        """How many turns are in their third attempt: one more death and they are parked, as they should be."""
        return int(self.database.rows(_LAST_ATTEMPTS)[0][0])
