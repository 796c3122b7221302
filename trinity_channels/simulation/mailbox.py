"""What stands beside a phone: a program that serves a simulator can hand over the host's mails, and parts of its own."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, Protocol

from markupsafe import Markup, escape
from starlette.types import ASGIApp, Receive, Scope, Send

KEY = "trinity_channels.mailbox"
"""Where a request's scope has the mailbox."""
BESIDE = "trinity_channels.beside"
"""Where it has the parts of the program."""
_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")


class Mail(Protocol):
    """A mail that was sent."""

    @property
    def to(self) -> str:
        """The recipient's address."""

    @property
    def subject(self) -> str:
        """One line."""

    @property
    def text(self) -> str:
        """The plain text."""


Mailbox = Callable[[], Sequence[Mail]]
"""All mails, oldest first."""
Beside = Callable[[bool], Awaitable[Mapping[str, str]]]
"""Makes the program's parts, each an element with its name as its id; if True for a stream, where they find their places."""


class WithMailbox:
    """An application whose pages show a mailbox; for a simulator's `app` in a program that has one.

    `beside` makes parts that stand below it and come in the phone's own stream: a browser opens few connections.
    """

    def __init__(self, app: ASGIApp, mailbox: Mailbox, beside: Beside | None = None) -> None:
        self._app = app
        self._mailbox = mailbox
        self._beside = beside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        # In the scope: the simulator's page need not know which program serves it.
        await self._app({**scope, KEY: self._mailbox, BESIDE: self._beside}, receive, send)


def mails(scope: MutableMapping[str, Any]) -> Sequence[Mail] | None:
    """The mails to show beside a phone, newest first; None where no mailbox was handed over."""
    mailbox: Mailbox | None = scope.get(KEY)
    return tuple(reversed(mailbox())) if mailbox else None


async def beside(scope: MutableMapping[str, Any], *, stream: bool) -> Mapping[str, str]:
    """The parts of the program, by name; none where it handed over none."""
    made: Beside | None = scope.get(BESIDE)
    return await made(stream) if made else {}


def code_of(mail: Mail) -> str:
    """The code of six digits in a mail, or nothing."""
    found = _CODE.search(mail.text)
    return found[0] if found else ""


def with_links(text: str) -> Markup:
    """A plain text whose addresses can be followed."""
    made, at = Markup(""), 0
    for found in _ADDRESS.finditer(text):
        link = Markup('<a href="{0}" target="_blank" rel="noopener">{0}</a>').format(found[0])
        made += escape(text[at : found.start()]) + link
        at = found.end()
    return made + escape(text[at:])
