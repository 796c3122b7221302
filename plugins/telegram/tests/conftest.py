"""A binding with visibly fake credentials, updates as Telegram posts them, a scripted Bot API."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from trinity_channels.api import Account, Binding, Request
from trinity_channels_contract_tests.testing import ScriptedProvider
from trinity_channels_telegram.settings import TelegramSettings

TOKEN = "7770001:FakeTokenOfTheTests"
SECRET = "fake-secret_of-the-webhook"
WEBHOOK = "https://bot.example/api/telegram/webhook/fake-key"
HEADER = "X-Telegram-Bot-Api-Secret-Token"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def new_binding(*, secret: str = SECRET, **account: Any) -> Binding:
    facts = {"id": "7770001", "username": "support_bot"}
    fields = {"key": "7770001", "sender": "@support_bot", "facts": facts} | account
    return Binding(TelegramSettings(bot_token=SecretStr(TOKEN)), Account(**fields), SecretStr(secret))


@pytest.fixture
def make_binding() -> Callable[..., Binding]:
    return new_binding


@pytest.fixture
def binding() -> Binding:
    return new_binding()


@pytest.fixture
def posted() -> Callable[..., Request]:
    """Make a request as Telegram would."""

    def make(body: object, *, secret: str | None = SECRET, header: str = HEADER) -> Request:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Request("POST", WEBHOOK, {} if secret is None else {header: secret}, content)

    return make


class ScriptedTelegram(ScriptedProvider):
    """The Bot API as a script."""

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """Every method called, with its parameters."""
        return [(one.url.path.rpartition("/")[2], json.loads(one.content)) for one in self.requests]


@pytest.fixture
def telegram() -> ScriptedTelegram:
    return ScriptedTelegram(NOW, WEBHOOK)


# --- the types of the Bot API ---

# Version 10.1 of https://core.telegram.org/bots/api#available-types, as far as updates are made of it. Of each type its
# fields with their types, `!` before those that are always there, `[…]` around those of lists; or its forms.
TYPES: dict[str, Any] = json.loads((Path(__file__).parent / "bot_api_types.json").read_text())


def _lacks(value: Any, kind: str, path: str = "") -> Iterator[str]:
    """What a value of a type lacks, or has that the type does not know, each with where it stands."""
    kind = kind.removeprefix("!")
    if kind.startswith("["):
        if not isinstance(value, list):
            yield f"{path} is not a list"
            return
        for index, one in enumerate(value):
            yield from _lacks(one, kind[1:-1], f"{path}[{index}]")
    elif isinstance(TYPES.get(kind), list):
        findings = [list(_lacks(value, form, path)) for form in TYPES[kind]]
        yield from min(findings, key=len)
    elif kind in TYPES:
        if not isinstance(value, dict):
            yield f"{path} is not an object"
            return
        yield from (
            f"{path}.{name}" for name, held in TYPES[kind].items() if held.startswith("!") and name not in value
        )
        yield from (f"{path}.{name} is unknown" for name in value if name not in TYPES[kind])
        for name in value.keys() & TYPES[kind].keys():
            yield from _lacks(value[name], TYPES[kind][name], f"{path}.{name}")


@pytest.fixture
def bot_api() -> dict[str, Any]:
    """The types of the Bot API."""
    return TYPES


@pytest.fixture
def lacks() -> Callable[[Any, str], list[str]]:
    """What a value lacks to be of a type of the Bot API, or has that the type does not know."""
    return lambda value, kind: list(_lacks(value, kind, kind))
