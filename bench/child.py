"""The host as a child process: started, asked whether it is ready, read from /proc, ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import httpx

from bench.transactions import TRANSACTIONS

ADMIN = "fake-admin-token-of-the-bench"
_POLL = 0.005


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu(pid: int) -> float:
    """Seconds of processor time that a process has used, all threads, those that have ended too."""
    # What clock_getcpuclockid(3) gives for a process; /proc/<pid>/stat counts in hundredths of a second.
    return time.clock_gettime(~pid << 3 | 2)


def wakes(pid: int) -> int:
    """How often the threads of a process have waited for something and were woken."""
    statuses = (path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/status"))
    return sum(int(text.partition("\nvoluntary_ctxt_switches:")[2].split()[0]) for text in statuses)


@dataclass
class Child:
    """A running host. `started_in` is the time from its start to its first ready answer, in seconds."""

    pid: int
    port: int
    started_in: float

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """Seconds of processor time it has used, all threads."""
        return cpu(self.pid)

    def memory(self) -> float:
        """Its resident memory in MB."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024 / 1e6

    async def transactions(self) -> tuple[int, int]:
        """Writing and reading transactions of its store, of everything that it does."""
        async with httpx.AsyncClient(base_url=self.url) as client:
            found = (await client.get(TRANSACTIONS)).raise_for_status().json()
        return found["writing"], found["reading"]

    async def connect(self, settings: Mapping[str, str]) -> str:
        """Connect the agent to a provider account and open it to everyone; returns the webhook's address."""
        async with httpx.AsyncClient(base_url=self.url, headers={"Authorization": f"Bearer {ADMIN}"}) as client:
            connected = await client.put("/api/agents/support/whatsapp", json=dict(settings))
            connected.raise_for_status()
            (await client.put("/api/agents/support/access-policy", json={"policy": "open"})).raise_for_status()
        return str(connected.json()["webhook_url"])


@contextlib.asynccontextmanager
async def host(
    folder: Path,
    *arguments: str,
    module: Sequence[str] = ("bench.host",),
    port: int = 0,
    twilio: str = "",
    token: str = "",
    database: str = "",
    public: str = "",
) -> AsyncIterator[Child]:
    """A host over a data folder, with the agent `support` that answers at once.

    Run is `python -m <module> <port> <arguments>`, by default the host with the yardstick beside it. `database` is
    the URL of its database; without it, there is a file in the folder. `public` is
    the address that providers are given, its own by default.
    """
    port = port or free_port()
    config = folder / "channels.toml"
    config.write_text('[agents.support]\nowner = "owner@example.org"\nruntime = "echo"\n')
    environment = os.environ | {
        "TRINITY_CHANNELS_HOME": str(folder),
        "TRINITY_CHANNELS_CONFIG": str(config),
        "TRINITY_CHANNELS_ADMIN_TOKEN": ADMIN,
        "TRINITY_CHANNELS_PUBLIC_CHAT_URL": public or f"http://127.0.0.1:{port}",
        "TWILIO_API_BASE_URL": twilio,
        "BENCH_AUTH_TOKEN": token,
        "TRINITY_CHANNELS_GATHER_SECONDS": "0",  # what is measured is the work, not a wait
    }
    if database:
        environment["TRINITY_CHANNELS_DATABASE_URL"] = database
    started = perf_counter()
    with (folder / "host.log").open("ab") as written:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *module, str(port), *arguments), env=environment, stdout=written, stderr=written
        )
    try:
        await _ready(process, port)
        yield Child(process.pid, port, perf_counter() - started)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _ready(process: asyncio.subprocess.Process, port: int) -> None:
    async with asyncio.timeout(30):
        while not await _answers(port):
            if process.returncode is not None:
                raise RuntimeError("the host has ended; `trinity-channels doctor` may know why")
            await asyncio.sleep(_POLL)


async def _answers(port: int) -> bool:
    # No client that would have to be imported and set up first: the clock is running.
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.write(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    with contextlib.suppress(ConnectionError):
        answer = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return b" 200 " in answer
    return False
