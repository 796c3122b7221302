"""WebSockets that the host opens for plugins: what arrives, how they end, and where they must not lead."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import traceback
from collections.abc import Awaitable, Callable

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from yarl import URL

from tests.scripted_server import SECRET, Server, answering, silent
from trinity_channels.api import WebSocketClosed
from trinity_channels.api.http import CallError, NoAnswer, NotSent, Refused
from trinity_channels.cli import servers
from trinity_channels.http_client import frames
from trinity_channels.http_client.destinations import certificates
from trinity_channels.http_client.public import is_public
from trinity_channels.http_client.websockets import open_websocket

TEXT, BINARY, CLOSE, PING, PONG = 0x1, 0x2, 0x8, 0x9, 0xA
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def frame(kind: int, content: bytes) -> bytes:
    length = len(content)
    size = bytes([length]) if length < 126 else b"\x7e" + length.to_bytes(2) if length < 65536 else b""
    return bytes([0x80 | kind]) + (size or b"\x7f" + length.to_bytes(8)) + content


async def read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """One short frame of a client, which are masked."""
    head = await reader.readexactly(2)
    mask = await reader.readexactly(4)
    content = await reader.readexactly(head[1] & 0x7F)
    return head[0] & 0xF, bytes(one ^ mask[at % 4] for at, one in enumerate(content))


def after_handshake(script: Script) -> Script:
    async def whole(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(
            line.partition(": ")[2] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key")
        )
        digest = hashlib.sha1(f"{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11".encode()).digest()  # noqa: S324  RFC 6455
        accept = base64.b64encode(digest).decode()
        writer.write(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        await script(reader, writer)

    return whole


def saying(*pieces: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.writelines(pieces)
        with_close = pieces and pieces[-1][:1] == bytes([0x80 | CLOSE])
        await (read(reader) if with_close else writer.drain())

    return after_handshake(script)


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(frame(PING, b"are you there?"))
    while True:
        kind, content = await read(reader)
        if kind == CLOSE:
            writer.write(frame(CLOSE, content))
            return
        writer.write(frame(TEXT, b"%d: %s" % (kind, content)))


async def waiting(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


def address(server: Server) -> tuple[str, str]:
    """A WebSocket of the server with a secret in it, and what the settings name."""
    return f"ws://127.0.0.1:{server.port}/link/?ticket={SECRET}", f"http://127.0.0.1:{server.port}/slack"


async def test_texts_go_both_ways_and_pings_are_answered() -> None:
    async with Server(after_handshake(echo)) as server, open_websocket(*address(server)) as socket:
        assert await socket.receive() == f"{PONG}: are you there?"
        await socket.send("héllo")
        assert await socket.receive() == f"{TEXT}: héllo"


ENDS: dict[str, tuple[Script, int]] = {
    "without a word": (saying(), 1006),
    "in the middle of a frame": (saying(frame(TEXT, b"hello")[:4]), 1006),
    "with a reason": (saying(frame(CLOSE, (4001).to_bytes(2) + b"bye")), 4001),
    "with bytes": (saying(frame(BINARY, b"\x00")), 1003),
    "with a text that is too long": (saying(frame(TEXT, b"x" * (frames.LARGEST + 1))), 1009),
    "with what is not text": (saying(frame(TEXT, b"\xff")), 1007),
    "with silence": (after_handshake(waiting), 1006),
}


@pytest.mark.parametrize("how", ENDS)
async def test_an_end_is_told_with_its_code(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "PING_EVERY", 0.1)
    script, code = ENDS[how]
    async with Server(script) as server, open_websocket(*address(server)) as socket:
        with pytest.raises(WebSocketClosed) as ended:
            await socket.receive()
        assert ended.value.code == code
        with pytest.raises(WebSocketClosed):
            await socket.send("still there?")


FAILS: dict[str, tuple[Script, type[CallError]]] = {
    "refused": (answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"), Refused),
    "a page": (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), Refused),
    "another protocol": (answering(b"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"), Refused),
    "elsewhere": (
        answering(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
        NotSent,
    ),
    "closed": (answering(), NoAnswer),
    "silent": (silent, NoAnswer),
}


@pytest.mark.parametrize("how", FAILS)
async def test_a_failure_says_whether_it_was_asked_and_holds_no_secret(
    how: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(frames, "ANSWERING", 0.3)
    script, expected = FAILS[how]
    async with Server(script) as server:
        with pytest.raises(CallError) as caught:
            async with open_websocket(*address(server)):
                pass

    assert type(caught.value) is expected
    assert caught.value.__context__ is None
    assert SECRET not in caplog.text + "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("url", "moved_to"),
    [
        ("ws://wss-primary.slack.com/link/?ticket=t", None),
        ("https://wss-primary.slack.com/link/?ticket=t", None),
        ("wss:///link", None),
        ("wss://[/link", None),
        ("wss://host:port/link", None),
        ("wss://127.0.0.1/link", None),
        ("wss://[::1]/link", None),
        ("wss://[::ffff:10.0.0.1]/link", None),
        ("wss://169.254.169.254/latest/meta-data", None),
        ("wss://192.168.1.1/link", None),
        ("wss://0.0.0.0/link", None),
        ("wss://localhost/link", None),  # a name, so its addresses are looked at
        ("wss://127.1/link", None),  # an address in the eyes of the system only
        ("wss://2130706433/link", None),
        ("wss://0x7f.1/link", None),
        ("wss://127.0.0.1./link", None),
        ("wss://wss-primary.slack.com@127.0.0.1/link", None),
        ("wss://１２７.0.0.1/link", None),  # noqa: RUF001  brought to ASCII digits on the way
        ("wss://①②⑦.0.0.1/link", None),
        ("wss://127。0。0。1/link", None),
        ("wss://ⓛocalhost/link", None),
        ("wss://[64:ff9b::7f00:1]/link", None),
        ("wss://[fe80::1%25lo]/link", None),
        ("wss://localhost\\@wss-primary.slack.com/link", None),
        ("wss://wss-primary.slack.com/link", "http://127.0.0.1:9000/slack"),
        ("ws://127.0.0.1:9001/link", "http://127.0.0.1:9000/slack"),
        ("wss://127.0.0.1/link", "http://127.0.0.1"),
        ("ws://127.0.0.1:9000@127.0.0.2:9000/link", "http://127.0.0.1:9000"),
        ("ws://127.0.0.2:9000\\@127.0.0.1:9000/link", "http://127.0.0.1:9000"),
    ],
)
async def test_it_leads_nowhere_else(url: str, moved_to: str | None) -> None:
    with pytest.raises(NotSent, match=r"WebSocket|InvalidUrl"):  # and not because nothing answers there
        async with open_websocket(url, moved_to):
            pass


@pytest.mark.parametrize("url", ["wss://127.0.0.1/", "wss://[::1]/", "wss://localhost/", "wss://１２７.0.0.1/"])  # noqa: RUF001
async def test_the_connection_itself_is_refused_however_the_address_was_read(url: str) -> None:
    with pytest.raises(NotSent, match="not public"):
        await frames.connect(URL(url), trusted=certificates(), proxy=None, public_only=True)


PUBLIC = ("3.65.12.1", "2606:4700::1111", "64:ff9b::341:c01", "2002:341:c01::1", "::ffff:3.65.12.1")
NOT_PUBLIC = (
    *("10.0.0.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "192.0.0.9", "224.0.0.1", "240.0.0.1"),  # noqa: S104
    *("::1", "::", "::7f00:1", "fe80::1%eth0", "fc00::1", "fec0::1", "ff0e::1", "64:ff9b::a00:1", "64:ff9b:1::1"),
    *("2002:7f00:1::", "::ffff:10.0.0.1", "::ffff:0:7f00:1", "2001:db8::1", "2001::1", "4000::1"),
)


def test_public_addresses() -> None:
    assert [one for one in (*PUBLIC, *NOT_PUBLIC) if is_public(one)] == [*PUBLIC]


async def test_where_nothing_answers_it_was_not_sent() -> None:
    async with Server(silent) as server:
        url, moved_to = address(server)
    with pytest.raises(NotSent, match="ClientConnector"):
        async with open_websocket(url, moved_to):
            pass


async def test_a_proxy_of_another_kind_is_no_reason_to_go_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(NotSent, match="proxy"):
        async with open_websocket("wss://wss-primary.slack.example/link/?ticket=t", None):
            pass


async def test_a_proxy_is_used_and_finds_the_name_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n")).decode())
        await answering(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")(reader, writer)

    async with Server(refusing) as proxy:
        monkeypatch.setenv("https_proxy", f"127.0.0.1:{proxy.port}")
        with pytest.raises(NotSent, match="Proxy"):
            async with open_websocket("wss://wss-primary.slack.example/link/?ticket=t", None):
                pass

    assert asked == ["CONNECT wss-primary.slack.example:443 HTTP/1.1\r\n"]


async def test_the_server_of_simulators_has_websockets() -> None:
    left = asyncio.Event()

    async def greet(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(f"hello {socket.query_params['name']}")
        with pytest.raises(WebSocketDisconnect):
            await socket.receive_text()
        left.set()

    app = Starlette(routes=[WebSocketRoute("/greet", greet)])
    bound = servers.bind("127.0.0.1", 0)
    base = servers.address(bound)
    async with servers.serving(app, bound, websockets=True):
        async with open_websocket(f"{base.replace('http', 'ws')}/greet?name=Zoe", base) as socket:
            assert await socket.receive() == "hello Zoe"
        await left.wait()
