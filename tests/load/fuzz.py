"""Requests that nobody should make: generators with a seed, and a client that sends what no client would let through."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from starlette.datastructures import ImmutableMultiDict
from starlette.types import ASGIApp, Message
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]  # twilio ships no types

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "TRACE", "FOO", "")
TEXTS = (
    *("", " ", "\0", "\0" * 100, "a\r\nX-Injected: 1", "'; DROP TABLE message; --", "../../etc/passwd", "%00%2e%2e%2f"),
    *(
        "null",
        "NaN",
        "-1",
        "1e999",
        "0x10",
        "\u0663",
        "\uff19\uff19",
        "\u00b2",
        str(2**63),
        "9" * 400,
        "true",
        "[]",
        "{}",
        "{{7*7}}",
    ),
    *("\u202e\u200b\ufeff", "🦑" * 300, "é" * 2000, "\ud800", "a" * 5000, "/login", "/login x@y", "/LOGIN 000000"),
    *("whatsapp:+15550001111", "whatsapp:", "whatsapp:US.1", "whatsapp:+", "+1", "tel:+1555", "<Response/>", "\x1b[2J"),
)
TYPES = (
    *("application/x-www-form-urlencoded", "application/json", "text/plain", "multipart/form-data; boundary=x", ""),
    *("multipart/form-data", "application/json; charset=utf-7", "application/x-www-form-urlencoded; charset=\xff", "x"),
)
FIELDS = (
    *("Body", "From", "To", "MessageSid", "AccountSid", "NumMedia", "MediaUrl0", "MediaContentType0", "ProfileName"),
    *("ExternalUserId", "WaId", "Latitude", "Longitude", "Label", "Address", "ButtonText", "ButtonPayload"),
    *("OptOutType", "MessageStatus", "SmsStatus", "ErrorCode", "ChannelMetadata", "OriginalRepliedMessageSid", "Neu"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Raw:
    """A request as bytes. `path` is percent-encoded ASCII, as a server would have read it."""

    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    chunks: tuple[bytes, ...] = (b"",)

    async def ask(self, app: ASGIApp) -> Answer:
        """Hand it to an app without any client between; what the app raises after its answer a server would log."""
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
            return Answer(500, repr(error).encode())
        return Answer(status, bytes(body))


def encoded(text: str) -> str:
    """A text as part of a path or a query; halves of surrogate pairs pass as the bytes they would be."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")[:3000]


def deep(dice: random.Random) -> bytes:
    """JSON nested deeper than any reader goes."""
    depth = dice.choice((50, 2_000, 100_000))
    return b"[" * depth + b"]" * depth if dice.random() < 0.5 else b'{"a":' * depth + b"1" + b"}" * depth


def chunked(dice: random.Random, body: bytes) -> tuple[bytes, ...]:
    """A body in one piece, or in several."""
    cut = dice.randrange(len(body) + 1)
    return (body,) if dice.random() < 0.8 else (body[:cut], b"", body[cut:])


class WebhookFuzz:
    """Requests to webhooks: half of them with a signature that is right, whatever it covers."""

    def __init__(self, dice: random.Random, url: str, settings: dict[str, str]) -> None:
        self._dice = dice
        self._url = url
        self._path = url.partition("//")[2].partition("/")[2]
        self._settings = settings
        self._validator = RequestValidator(settings["auth_token"])
        self._made = 0

    def request(self) -> Raw:
        """The next one."""
        self._made += 1
        body = self._body()
        query = self._dice.choice(
            (b"", b"", b"delivery=" + encoded(self._text()).encode(), b"&&==%zz;\xff", b"a" * 9000)
        )
        signed = self._dice.random() < 0.6
        method = "POST" if signed or self._dice.random() < 0.7 else self._dice.choice(METHODS)
        if signed and self._dice.random() < 0.1:
            method, query, body = "GET", body[:8000], b""
        kind = TYPES[0] if signed or self._dice.random() < 0.5 else self._dice.choice(TYPES)
        headers = [
            (b"content-type", kind.encode("latin-1")),
            (b"x-twilio-signature", self._signature(signed, body, query)),
        ]
        if self._dice.random() < 0.1:
            headers.append((b"content-length", self._dice.choice((b"-1", b"9" * 30, b"x", b"\xb2", b"2000000"))))
        if self._dice.random() < 0.1:
            headers.append((b"x-twilio-webhooks-signature-settings", self._text().encode("utf-8", "replace")))
        return Raw(method, self._where(signed), query, tuple(headers), chunked(self._dice, body))

    def _where(self, signed: bool) -> str:
        if signed or self._dice.random() < 0.6:
            return f"/{self._path}"
        key = encoded(self._text())
        return self._dice.choice(
            (f"/{self._path}/", f"/{self._path}//", f"/api/whatsapp/webhook/{key}", f"/api/{key}/webhook/x")
        )

    def _signature(self, signed: bool, body: bytes, query: bytes) -> bytes:
        if not signed:
            return self._dice.choice((b"", b"x", b"\xff\xfe", b"=" * 28, self._text().encode("utf-8", "replace")))
        url = self._url + (f"?{query.decode('latin-1')}" if query else "")
        fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
        signature: str = self._validator.compute_signature(url, ImmutableMultiDict(fields) if body else {})
        return signature.encode()

    def _text(self) -> str:
        return self._dice.choice(TEXTS)

    def _body(self) -> bytes:
        match self._dice.randrange(12):
            case 0:
                return self._dice.randbytes(self._dice.randrange(400))
            case 1:
                return deep(self._dice)
            case 2:
                return b"&".join(b"f%d=1" % index for index in range(self._dice.choice((200, 300, 5000))))
            case 3:
                return b"Body=" + b"x" * self._dice.choice((100_000, 1_048_576, 1_200_000))
            case 4:
                return b"Body=%ED%A0%80%FF%00&From=%FF&MessageSid=%00&=&&=x&MessageSid="
            case _:
                return self._form()

    def _form(self) -> bytes:
        fields = {
            "AccountSid": self._settings["account_sid"],
            "Body": f"hello {self._made}",
            "From": f"whatsapp:+1555{self._dice.randrange(20):07d}",
            "MessageSid": f"SM{self._made:032x}",
            "NumMedia": "0",
            "To": self._settings["from_number"],
        }
        for _ in range(self._dice.randrange(4)):
            fields[self._dice.choice(FIELDS)] = self._text()
        again = [(self._dice.choice(FIELDS), self._text()) for _ in range(self._dice.choice((0, 0, 2)))]
        pairs = [*fields.items(), *again]
        self._dice.shuffle(pairs)
        return urlencode(pairs, errors="surrogatepass").encode()


class ApiFuzz:
    """Requests to the operations of an OpenAPI description, with everything wrong that can be."""

    def __init__(self, dice: random.Random, schema: dict[str, Any], tokens: Sequence[str]) -> None:
        self._dice = dice
        self._tokens = tokens
        self._operations = [
            (method.upper(), path, self._names(schema, operation))
            for path, methods in schema["paths"].items()
            for method, operation in methods.items()
        ]

    def request(self) -> Raw:
        """The next one."""
        method, path, names = self._dice.choice(self._operations)
        if self._dice.random() < 0.05:
            method = self._dice.choice(METHODS)
        path = "/".join(self._part(part) if part.startswith("{") else part for part in path.split("/"))
        if self._dice.random() < 0.05:
            path += self._dice.choice(("/", "//", "/../..", "%2f%2e%2e", ";x=1", "%00"))
        query = self._dice.choice((b"", b"", b"status=" + encoded(self._text()).encode(), b"%ff=%zz&&", b"a[]=1&a=2"))
        token = self._dice.choice((*self._tokens, *self._tokens, *self._tokens, "", "wrong", "\xff"))
        kind = "application/json" if self._dice.random() < 0.85 else self._dice.choice(TYPES)
        headers = (
            (
                b"authorization",
                f"{self._dice.choice(('Bearer', 'Bearer', 'Bearer', 'Basic', ''))} {token}".encode("latin-1"),
            ),
            (b"content-type", kind.encode("latin-1")),
        )
        return Raw(method, path, query, headers, chunked(self._dice, self._body(names)))

    @staticmethod
    def _names(schema: dict[str, Any], operation: dict[str, Any]) -> list[str]:
        """Property names of a request body; where the description leaves them open, those of a binding."""
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
        model = schema.get("components", {}).get("schemas", {}).get(content.get("$ref", "").rpartition("/")[2], content)
        return list(model.get("properties", {})) or ["account_sid", "auth_token", "from_number", "to_number", "value"]

    def _part(self, part: str) -> str:
        if "name" in part and self._dice.random() < 0.8:
            return self._dice.choice(("support", "sales"))
        if self._dice.random() < 0.3:
            return str(self._dice.choice((0, 1, 2, -1, 2**31, 2**63, 2**64, 10**30)))
        return encoded(self._text())

    def _text(self) -> str:
        return self._dice.choice(TEXTS)

    def _body(self, names: list[str]) -> bytes:
        match self._dice.randrange(14):
            case 0:
                return self._dice.randbytes(200)
            case 1:
                return deep(self._dice)
            case 2:
                return b'{"a": ' + b"9" * 5000 + b"}"
            case 3:
                return b'{"text": "\\ud800", "email": "\\udfff@x.org", "value": "\\u0000"}'
            case 4:
                return self._dice.choice(
                    (b"", b"null", b"1", b'"x"', b"[]", b"{", b'{"a":1}}', b"\xef\xbb\xbf{}", b"NaN")
                )
            case _:
                return json.dumps({name: self._value() for name in names if self._dice.random() < 0.9}).encode()

    def _value(self) -> Any:
        odd: tuple[object, ...] = (
            None,
            True,
            False,
            0,
            -1,
            2**63,
            10**40,
            1e308,
            float("nan"),
            [],
            {},
            [[]],
            {"a": {"b": []}},
            [None] * 50,
        )
        plain = (
            "open",
            "require_sharing",
            "guest@example.org",
            "whatsapp",
            "auto",
            "hello",
            "https://chat.example.org",
        )
        return self._dice.choice((self._dice.choice(odd), self._text(), self._text(), self._dice.choice(plain)))
