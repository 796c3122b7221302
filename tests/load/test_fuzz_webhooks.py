"""Requests to webhooks that no one should make: none of them breaks anything, and every refusal says what it is."""

from __future__ import annotations

import json
import logging
from collections import Counter
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Message
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # twilio ships no types

from tests.load.damage import faults_of_the_database
from tests.world import World

REQUESTS = 1200
FEW = 150
FORM = "application/x-www-form-urlencoded"
FIELDS = (
    *("Body", "From", "To", "MessageSid", "AccountSid", "NumMedia", "MediaUrl0", "MediaContentType0", "ProfileName"),
    *("ExternalUserId", "WaId", "Latitude", "Longitude", "Label", "Address", "ButtonText", "ButtonPayload"),
    *("OptOutType", "MessageStatus", "SmsStatus", "ErrorCode", "ChannelMetadata", "OriginalRepliedMessageSid", "Neu"),
)
ODD = (
    *(
        "",
        "\0",
        "a\r\nX-Injected: 1",
        "../../etc/passwd",
        "NaN",
        "-1",
        "1e999",
        "\u0663",
        "\u00b2",
        str(2**63),
        "9" * 400,
    ),
    *("[]", "{}", "\u202e\u200b\ufeff", "🦑" * 300, "\ud800", "a" * 5000, "/login", "/login x@y", "/LOGIN 000000"),
    *("/log\u0131n x", "whatsapp:+15550001111", "whatsapp:", "whatsapp:US.1", "whatsapp:+", "+1", "\x1b[2J"),
)
BODIES = (
    *(b"[" * 100_000, b"&".join(b"f%d=1" % index for index in range(5000)), b"Body=" + b"x" * 1_048_576),
    *(b"Body=" + b"x" * 1_200_000, b"Body=%ED%A0%80%FF%00&From=%FF&MessageSid=%00&=&&=x&MessageSid="),
)
METHODS = ("POST", "POST", "GET", "PUT", "DELETE", "HEAD", "OPTIONS", "TRACE", "FOO", "")
TYPES = (FORM, "application/json", "text/plain", "multipart/form-data", f"{FORM}; charset=\xff", "x", "")
LENGTHS = (b"-1", b"9" * 30, b"x", b"\xb2", b"2000000")

texts = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=()), max_size=60)
queries = st.sampled_from((b"", b"", b"&&==%zz;\xff", b"a" * 9000)) | texts.map(lambda one: b"delivery=" + encoded(one))
signatures = st.sampled_from((b"", b"x", b"\xff\xfe", b"=" * 28)) | texts.map(
    lambda one: one.encode("utf-8", "replace")
)


def encoded(one: str) -> bytes:
    """A text as part of a path or a query; halves of surrogate pairs pass as the bytes they would be."""
    return quote(one.encode("utf-8", "surrogatepass"), safe="")[:3000].encode()


@dataclass(frozen=True, slots=True)
class Raw:
    """A request as bytes. `path` is percent-encoded ASCII, as a server would have read it."""

    method: str
    path: str
    query: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    chunks: tuple[bytes, ...]

    async def ask(self, app: ASGIApp) -> tuple[int, bytes]:
        """Hand it to an app without any client between; what the app raises is the 500 that a server makes of it."""
        status, body = 0, bytearray()
        waiting = [
            {"type": "http.request", "body": chunk, "more_body": index + 1 < len(self.chunks)}
            for index, chunk in enumerate(self.chunks)
        ]

        async def receive() -> Message:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            body.extend(message.get("body", b""))

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "https",
            "path": unquote(self.path),
            "raw_path": self.path.encode(),
            "query_string": self.query,
            "root_path": "",
            "headers": list(self.headers),
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8000),
        }
        try:
            await app(scope, receive, send)
        except Exception as error:  # noqa: BLE001  this is what the fuzz is looking for
            return 500, repr(error).encode()
        return status, bytes(body)


@st.composite
def bodies(draw: st.DrawFn, account: dict[str, str]) -> bytes:
    """Mostly a message as Twilio brings it, with fields changed, added and repeated."""
    if not draw(st.integers(0, 7)):
        return draw(st.sampled_from(BODIES) | st.binary(max_size=400))
    number = draw(st.integers(0, 10**6))
    fields = {
        "AccountSid": account["account_sid"],
        "Body": f"hello {number}",
        "From": f"whatsapp:+1555{number % 20:07d}",
        "MessageSid": f"SM{number:032x}",
        "NumMedia": "0",
        "To": account["from_number"],
    }
    odd = draw(st.lists(st.tuples(st.sampled_from(FIELDS), texts), max_size=4))
    pairs = [*(fields | dict(odd[:3])).items(), *odd[3:]]
    return urlencode(draw(st.permutations(pairs)), errors="surrogatepass").encode()


@st.composite
def requests(draw: st.DrawFn, url: str, account: dict[str, str]) -> Raw:
    """A request to a webhook; more than half of them with a signature that is right, whatever it covers."""
    path = "/" + url.partition("//")[2].partition("/")[2]
    query, body = draw(queries), draw(bodies(account))
    method, where, kind = "POST", path, FORM
    if draw(st.integers(0, 9)) < 6:
        if not draw(st.integers(0, 9)):
            method, query, body = "GET", body[:8000], b""
        signature = signed(url, query, body, account["auth_token"])
    else:
        signature = draw(signatures)
        method, kind = draw(st.sampled_from(METHODS)), draw(st.sampled_from(TYPES))
        key = encoded(draw(texts)).decode()
        others = (f"{path}/", f"{path}//", f"/api/whatsapp/webhook/{key}", f"/api/{key}/webhook/x")
        where = draw(st.sampled_from((path, path, path, *others)))
    headers = [(b"content-type", kind.encode("latin-1")), (b"x-twilio-signature", signature)]
    if not draw(st.integers(0, 9)):
        headers.append((b"content-length", draw(st.sampled_from(LENGTHS))))
        headers.append((b"x-twilio-webhooks-signature-settings", draw(texts).encode("utf-8", "replace")))
    cut = draw(st.integers(0, min(len(body), 50)))
    return Raw(method, where, query, tuple(headers), (body[:cut], b"", body[cut:]) if cut else (body,))


class Form(dict[str, list[str]]):
    """A form as Twilio's validator takes it; the framework's own looks through all fields for each of them."""

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in fields:
            self.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        """The values of a field."""
        return self[name]


def signed(url: str, query: bytes, body: bytes, token: str) -> bytes:
    """What Twilio would sign it with."""
    fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    address = url + (f"?{query.decode('latin-1')}" if query else "")
    signature: str = RequestValidator(token).compute_signature(address, Form(fields) if body else {})
    return signature.encode()


def wrong_with(request: Raw, status: int, body: bytes) -> str | None:
    """What is wrong with an answer, None if nothing is."""
    if status < 400 or (request.method == "HEAD" and status < 500):
        return None
    try:
        error = json.loads(body)
        if status < 500 and error["code"] and error["message"]:
            return None
    except (ValueError, TypeError, KeyError):
        pass
    return f"{request.method} {request.path[:90]} {request.chunks[0][:120]!r}: {status} {body[:200]!r}"


@pytest.mark.timeout(120)
async def test_webhooks_take_whatever_comes(
    world: World, caplog: pytest.LogCaptureFixture, pytestconfig: pytest.Config
) -> None:
    await world.policy("open")
    made: list[Raw] = []

    @settings(
        max_examples=FEW if pytestconfig.getoption("--fast") else REQUESTS,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(requests(await world.webhook(), dict(world.twilio.settings())))
    def collect(request: Raw) -> None:
        made.append(request)

    collect()
    statuses: Counter[int] = Counter()
    wrong: list[str] = []
    for index, request in enumerate(made):
        status, body = await request.ask(world.app)
        statuses[status] += 1
        if fault := wrong_with(request, status, body):
            wrong.append(fault)
        if index % 100 == 0:
            await world.settle()
    await world.settle()

    wrong += [f"logged: {one.getMessage()}" for one in caplog.records if one.levelno >= logging.ERROR]
    assert wrong == [], "\n".join(wrong[:10])
    assert await faults_of_the_database(world) == []
    assert statuses[200] > len(made) / 4, f"hardly anything was authentic: {statuses}"
    assert statuses[403] > len(made) / 10, f"hardly anything was not: {statuses}"
