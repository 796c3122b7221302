"""What a flood of headers costs a whole host. Everything is on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from pathlib import Path

from tests.load.databases import Database
from tests.load.host_process import HostProcess
from tests.test_http_server import endless


async def test_a_flood_of_headers_costs_the_host_no_memory(tmp_path: Path, database: Database) -> None:
    host = HostProcess(tmp_path, database, model="http://127.0.0.1:9", twilio="http://127.0.0.1:9")
    await host.start()
    assert host.process is not None
    try:
        await host.ready()
        before = await _resident(host.process.pid)
        reader, writer = await asyncio.open_connection("127.0.0.1", host.port)
        with contextlib.suppress(ConnectionError, TimeoutError):
            writer.write(b"GET / HTTP/1.1\r\n")
            for block in endless(b"a:\r\n"):
                writer.write(block * 2)
                await writer.drain()
            await asyncio.wait_for(reader.read(), 2)  # what still stands in the sockets' buffers is taken
        grown = await _resident(host.process.pid) - before
        writer.close()
    finally:
        host.process.kill()
        await host.process.wait()

    print(f"8 MB of headers on one connection: {grown / 1e6:.1f} MB more resident memory")  # noqa: T201  the figure
    assert grown < 20_000_000


async def _resident(pid: int) -> int:
    """Resident memory of a process in bytes."""
    shown = await asyncio.to_thread(subprocess.check_output, ["ps", "-o", "rss=", "-p", str(pid)])
    return int(shown) * 1024
