"""The two sides of a channel as scripts: a provider that answers as it is told to, and a host that does."""

from __future__ import annotations

import json
import traceback
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from trinity_channels.api import Context, SendError

Script = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]
"""Answers one request, or raises what a broken connection raises."""


def answering(status: int, body: object, headers: Mapping[str, str] | None = None) -> Script:
    """Answer with `body`: a string as it is, lone surrogates too; anything else as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return lambda _: httpx.Response(status, content=text.encode(errors="surrogatepass"), headers=dict(headers or {}))


def failing(error: Exception) -> Script:
    """Raise `error`, such as httpx's of a connection that breaks."""

    def script(_: httpx.Request) -> httpx.Response:
        raise error

    return script


@dataclass
class ScriptedProvider:
    """Answers a plugin's calls in turn, the last script indefinitely, and remembers what it was asked.

    Attributes:
        now: what `ctx.now` tells.
        webhook_url: as in `ctx`.
        api_base_url: as in `ctx`.
        scripts: answers that are still to come.
        requests: every call, oldest first.
    """

    now: datetime
    webhook_url: str | None
    api_base_url: str | None = None
    scripts: list[Script] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    def answers(self, *scripts: Script | tuple[int, object]) -> None:
        """Answer the next calls with these: scripts, or a status and a body."""
        self.scripts = [script if callable(script) else answering(*script) for script in scripts]

    @property
    def ctx(self) -> Context:
        """What a hook is given."""
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._handle))
        return Context(http, lambda: self.now, self.webhook_url, self.api_base_url)

    async def _handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        answer = script(request)
        return answer if isinstance(answer, httpx.Response) else await answer


@dataclass
class HostStandIn:
    """The host as a provider's simulator sees it: remembers what it gets, answers in turn, and then with `usual`."""

    usual: httpx.Response = field(default_factory=lambda: httpx.Response(200))
    requests: list[httpx.Request] = field(default_factory=list)
    answers: deque[httpx.Response | Exception] = field(default_factory=deque)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answer(self.answers.popleft() if self.answers else self.usual)

    @staticmethod
    def answer(scripted: httpx.Response | Exception) -> httpx.Response:
        """A copy of the scripted response, since each can be read only once; a scripted exception is raised."""
        if isinstance(scripted, Exception):
            raise scripted
        return httpx.Response(scripted.status_code, content=scripted.content, headers=scripted.headers)

    def context(self, now: datetime, api_base_url: str | None) -> Context:
        """What a simulator is given that posts its webhooks here."""
        return Context(httpx.AsyncClient(transport=httpx.MockTransport(self)), lambda: now, api_base_url=api_base_url)


async def failure_of(
    send: Awaitable[object], provider: ScriptedProvider, logged: Callable[[], str], *secrets: str
) -> SendError:
    """The error with which a send ends.

    Args:
        send: the call of the hook.
        provider: what it asks.
        logged: returns what was written to the log, such as `lambda: caplog.text`.
        secrets: what neither the error with its traceback, nor any error behind it, nor the log may show.

    Raises:
        AssertionError: it ends otherwise, was tried more than once, or shows a secret.
    """
    try:
        await send
    except SendError as error:
        found = error
    else:
        raise AssertionError("nothing was raised")
    if len(provider.requests) > 1:
        raise AssertionError("a send is tried once")
    behind = list(_behind(found))
    if any(isinstance(one, httpx.RequestError) for one in behind):
        raise AssertionError("an error of httpx behind it holds the request, with its token")
    shown = "".join([*traceback.format_exception(found), repr(found), found.message, *map(repr, behind), logged()])
    if told := [one for one in secrets if one in shown]:
        raise AssertionError(f"shown: {', '.join(told)}")
    return found


def _behind(error: BaseException) -> Iterator[BaseException]:
    """The errors that an error keeps, also those that a traceback does not show: `from None` only hides them."""
    while earlier := error.__cause__ or error.__context__:
        yield earlier
        error = earlier
