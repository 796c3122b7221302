"""Strings that look like others and are not: what an attacker or a mistyping owner would send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import quote

from pydantic import BaseModel, SecretStr

from trinity_channels.api import Binding, Channel, Request

TAIL = 4


def neighbour(text: str) -> str:
    """The same kind of string with its last letters and digits changed: a token of another account."""
    changed = list(text)
    places = [index for index, character in enumerate(text) if character.isascii() and character.isalnum()]
    # More than one: the last character of base64 has unused bits, so changing it alone may decode to the same bytes.
    for index in places[-TAIL:]:
        changed[index] = _next(text[index])
    return "".join(changed) if places else text + "x"


def _next(character: str) -> str:
    # Within digits, a to f and g to z, so that hexadecimal stays hexadecimal.
    for group in ("0123456789", "abcdef", "ghijklmnopqrstuvwxyz", "ABCDEF", "GHIJKLMNOPQRSTUVWXYZ"):
        if character in group:
            return group[(group.index(character) + 1) % len(group)]
    return "x"


def secrets_of(settings: BaseModel) -> dict[str, str]:
    """The open secrets of settings that are set, by name."""
    found = {name: getattr(settings, name) for name in type(settings).model_fields}
    return {name: value.get_secret_value() for name, value in found.items() if isinstance(value, SecretStr) and value}


def with_settings(manifest: Channel, given: Mapping[str, str], **changes: str) -> BaseModel:
    """Settings as an owner would enter them."""
    return manifest.settings.model_validate({**given, **changes})


def with_other_secrets(manifest: Channel, given: Mapping[str, str]) -> BaseModel:
    """The same account with wrong secrets."""
    wrong = {name: neighbour(value) for name, value in secrets_of(with_settings(manifest, given)).items()}
    return with_settings(manifest, given, **wrong)


def stranger(manifest: Channel, given: Mapping[str, str], binding: Binding) -> Binding:
    """A binding that shares no secret with `binding`, neither the owner's nor the host's."""
    return replace(binding, settings=with_other_secrets(manifest, given), webhook_secret=SecretStr("another-secret"))


def with_header(request: Request, name: str, value: str | None) -> Request:
    """The request with another header, or without it."""
    headers = {key: held for key, held in request.headers.items() if key != name}
    return replace(request, headers=headers if value is None else {**headers, name: value})


def other_bodies(request: Request, text: str) -> dict[str, Request]:
    """The request with another body, by what was done to it. `text` is what the person wrote, in ASCII letters."""
    body, other = request.body, neighbour(text)
    # JSON holds the words as they are, a form percent-encoded.
    spoken = next((form for form in (text, quote(text)) if form.encode() in body), text)
    middle = len(body) // 2
    changes = {
        "another text": body.replace(spoken.encode(), quote(other).encode() if spoken != text else other.encode()),
        "a byte more": body + b"x",
        "a byte less": body[:-1],
        "another letter in the middle": body[:middle] + _other_byte(body[middle : middle + 1]) + body[middle + 1 :],
        "nothing": b"",
    }
    return {name: replace(request, body=changed) for name, changed in changes.items() if changed != body}


def _other_byte(byte: bytes) -> bytes:
    return _next(byte.decode("latin-1")).encode()


def other_urls(request: Request) -> dict[str, Request]:
    """The request as if it had come for another address, by what is different."""
    url = request.url
    bare, mark, query = url.partition("?")
    changes = {
        "another path": f"{neighbour(bare)}{mark}{query}",
        "another host": url.replace("://", "://other.", 1),
        "a longer path": f"{bare}/x{mark}{query}",
        "another query": f"{url}{'&' if mark else '?'}added=1",
    }
    return {name: replace(request, url=changed) for name, changed in changes.items()}
