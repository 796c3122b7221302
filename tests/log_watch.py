"""Keeps the log of the whole test run, as the product writes it, and every secret that the run came to know.

A pytest plugin, registered by `conftest.py` for all tests, the plugins' too. Secrets are noted where they are made: in the
mailbox, and at the simulated provider. `test_logs_hold_no_secrets.py` runs last and compares the two.
"""

from __future__ import annotations

import functools
import io
import json
import logging
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import structlog

from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.mail.port import Mail
from trinity_channels.observability.log import configure_logging
from trinity_channels_whatsapp.simulator.accounts import Accounts
from trinity_channels_whatsapp.simulator.phones import Phone

LAST = ("test_logs_hold_no_secrets", "test_memory")
KEY: pytest.StashKey[LogWatch] = pytest.StashKey()
_CODE = re.compile(r"\b\d{6}\b")
_LINK = re.compile(r"/(?:decide|signin/link)/([\w-]{40,})")
_SHORTEST_BODY = 10
"""Shorter ones, and single words, stand in a log by chance."""


@dataclass
class Secrets:
    """What no log may hold, by kind."""

    tokens: set[str] = field(default_factory=set)
    codes: set[str] = field(default_factory=set)
    bodies: set[str] = field(default_factory=set)
    numbers: set[str] = field(default_factory=set)
    emails: set[str] = field(default_factory=set)

    def note_mail(self, mail: Mail) -> None:
        """A mail: who got it, and the codes and links in it."""
        self.emails.add(mail.to)
        self.codes |= set(_CODE.findall(mail.text))
        self.tokens |= set(_LINK.findall(mail.text))

    def note_body(self, text: str) -> None:
        """What someone wrote."""
        if len(text) >= _SHORTEST_BODY and " " in text:
            self.bodies.add(text)

    def found_in(self, log: str) -> list[str]:
        """Each leak: its kind, and the entry with everything else."""
        found = []
        plain = {"token": self.tokens, "body": self.bodies, "number": self.numbers, "e-mail": self.emails}
        for entry in _entries(log):
            digits = set(re.findall(r"(?<!\d)\d{6}(?!\d)", entry))
            kinds = [kind for kind, secrets in plain.items() if any(secret in entry for secret in secrets)]
            found += [f"{kind} in {entry[:300]}" for kind in kinds + ["code"] * bool(digits & self.codes)]
        return found


def _entries(log: str) -> Iterator[str]:
    """The entries as text without their times, whose digits may be anything."""
    for line in log.splitlines():
        entry = json.loads(line)
        entry.pop("timestamp", None)
        yield json.dumps(entry, ensure_ascii=False).replace("\\n", "\n").replace('\\"', '"')


class LogWatch:
    """The plugin."""

    def __init__(self) -> None:
        self.secrets = Secrets()
        self._stream = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  open as long as the session
        self._patch = pytest.MonkeyPatch()

    def log(self) -> str:
        """Everything logged so far."""
        self._stream.flush()
        self._stream.seek(0)
        text = self._stream.read()
        self._stream.seek(0, 2)
        return text

    def pytest_sessionstart(self) -> None:
        """Listen where secrets are made."""
        self._after(CapturedMailer, "send", lambda _mailer, mail, _made: self.secrets.note_mail(mail))
        self._after(Accounts, "new_token", lambda _accounts, made: self.secrets.tokens.add(made))
        self._after(Accounts, "add_key", lambda _accounts, _account, made: self.secrets.tokens.add(made[1]))
        self._after(Phone, "__init__", lambda phone, *_: self.secrets.numbers.add(phone.number.removeprefix("+")))
        self._after(Phone, "says", lambda _phone, text, *_: self.secrets.note_body(text))

    def _after(self, kind: type, name: str, note: Callable[..., object]) -> None:
        method = getattr(kind, name)

        @functools.wraps(method)
        def noting(*args: Any, **options: Any) -> Any:
            made = method(*args, **options)
            note(*args, made)
            return made

        self._patch.setattr(kind, name, noting)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Log as the product does; a test may have changed that."""
        configure_logging("INFO", json=True, stream=self._stream)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put what looks back at the whole run behind everything else."""
        items.sort(key=lambda item: item.path.stem in LAST)

    def pytest_sessionfinish(self) -> None:
        """Listen no more."""
        self._patch.undo()

    def pytest_unconfigure(self) -> None:
        """Let the log go."""
        self._stream.close()


def fixed(secrets: Secrets, *, tokens: Iterable[str] = (), emails: Iterable[str] = ()) -> Secrets:
    """The secrets noted, and those that fixtures share."""
    return Secrets(
        secrets.tokens | set(tokens), secrets.codes, secrets.bodies, secrets.numbers, secrets.emails | set(emails)
    )


@contextmanager
def logged(*, as_json: bool) -> Iterator[io.StringIO]:
    """What is logged meanwhile, as the product writes it for machines or at a terminal."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logging("INFO", json=as_json, stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()
