"""The way in over a real network: names, ports, certificates, and what answers there."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.certificates import self_signed
from tests.listening import listening
from tests.probing import failed, probe
from tests.world import World
from trinity_channels.inbound.way_in import prober


async def network(world: World, url: str) -> tuple[str, str, str]:
    """Probe an address on the real network of this machine."""
    await world.api("PUT", "/api/settings/public_chat_url", {"value": url})
    return failed(await probe(world))


async def test_a_dead_port_is_told(world: World) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    leg, message, fix = await network(world, f"http://127.0.0.1:{port}")

    assert (leg, f"No connection to 127.0.0.1, port {port}" in message) == ("connection", True)
    assert "Start the proxy or tunnel" in fix


async def test_a_name_that_is_not_found_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def getaddrinfo(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    leg, message, fix = await network(world, "https://nowhere.example.org")

    assert leg == "dns"
    assert message == "The name nowhere.example.org of the public address is not found (Name or service not known)."
    assert "DNS record" in fix


@asynccontextmanager
async def saying(answer: bytes, certificate: Path | None = None) -> AsyncIterator[int]:
    """Something on a port that answers every connection with these bytes; with none, it says nothing at all."""
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(answer)
        if not answer:
            await reader.read()

    async with listening(talk, tls=context) as port:
        yield port


async def test_a_certificate_that_is_not_trusted_is_told(world: World, tmp_path: Path) -> None:
    certificate = tmp_path / "certificate.pem"
    certificate.write_bytes(self_signed())
    async with saying(b"HTTP/1.1 200 OK\r\n\r\n", certificate) as port:
        leg, message, fix = await network(world, f"https://127.0.0.1:{port}")

    assert (leg, "self-signed certificate" in message, "certificate" in fix) == ("tls", True, True)


async def test_a_port_that_does_not_speak_tls_is_told(world: World) -> None:
    async with saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        leg, message, fix = await network(world, f"https://127.0.0.1:{port}")

    assert (leg, f"A secure connection to 127.0.0.1, port {port} is not possible" in message) == ("tls", True)
    assert ("does not speak TLS" in fix, "certificate" in fix) == (True, False)


async def test_a_connection_that_tls_ends_for_another_reason_blames_no_certificate(world: World) -> None:
    alert = bytes([21, 3, 3, 0, 2, 2, 40])  # fatal, handshake_failure
    async with saying(alert) as port:
        leg, _, fix = await network(world, f"https://127.0.0.1:{port}")

    assert (leg, "TLS settings" in fix, "certificate" in fix) == ("tls", True, False)


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.9\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"])
async def test_what_does_not_speak_http_is_told(world: World, answer: bytes) -> None:
    async with saying(answer) as port:
        leg, message, _ = await network(world, f"http://127.0.0.1:{port}")

    assert (leg, "gave no answer to a request (RemoteProtocolError)" in message) == ("reached", True)


async def test_a_proxy_that_waits_for_a_host_that_is_not_there_is_told(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prober, "SECONDS", 0.1)
    async with saying(b"") as port:
        leg, message, _ = await network(world, f"http://127.0.0.1:{port}")

    assert (leg, "gave no answer to a request (time-out)" in message) == ("reached", True)
