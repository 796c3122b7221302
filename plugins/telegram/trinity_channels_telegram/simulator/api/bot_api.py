"""`/bot<token>/<method>`. https://core.telegram.org/bots/api#making-requests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from http import HTTPStatus
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from trinity_channels_telegram.simulator import parameters
from trinity_channels_telegram.simulator.chats import Bot
from trinity_channels_telegram.simulator.methods import Methods
from trinity_channels_telegram.simulator.network import Network
from trinity_channels_telegram.simulator.polling import Polling
from trinity_channels_telegram.simulator.problems import Problem

_Answer = TypeVar("_Answer")
_TOKEN = re.compile(r"[1-9][0-9]*:[^/]*")
# As in Telegram's published server (https://github.com/tdlib/telegram-bot-api).
LONGEST_TOKEN = 80


class BotApi:
    """Answers bots. Sends meet the faults for them, and `getUpdates` its own."""

    def __init__(self, network: Network, methods: Methods, polling: Polling) -> None:
        self._network = network
        self._polling = polling
        self._methods = methods

    def routes(self) -> list[Route]:
        """Where it answers."""
        return [Route("/bot{token}/{method}", self._call, methods=["GET", "POST"])]

    async def _call(self, request: Request) -> Response:
        bot, method = self._bot(request.path_params["token"]), request.path_params["method"]
        params = await parameters.read(request)

        async def poll() -> Response:
            updates = await _unless_hung_up(request, self._polling.get(bot, params))
            return JSONResponse({"ok": True, "result": updates or []})

        async def take() -> Response:
            return JSONResponse({"ok": True, "result": self._methods.call(bot, method, params)})

        if method.lower() == "getupdates":
            return await self._network.poll_faults.meet(poll)
        # Faults are for sends: `setWebhook` and typing would use them up before a test's message does.
        if method.lower() != "sendmessage":
            return await take()
        return await self._network.faults.meet(take, self._network.behaviour.slow_answer)

    def _bot(self, token: str) -> Bot:
        # What cannot be a token is an unknown path to Telegram, and 404; a wrong one is 401.
        if not _TOKEN.fullmatch(token) or len(token) > LONGEST_TOKEN:
            raise Problem(HTTPStatus.NOT_FOUND, "Not Found")
        bot = self._network.bots.get(token)
        if bot is None:
            raise Problem(HTTPStatus.UNAUTHORIZED, "Unauthorized")
        return bot


async def _unless_hung_up(request: Request, answer: Coroutine[None, None, _Answer]) -> _Answer | None:
    """The answer; None if the client does not wait for it any more: a server that stops would wait for it all the same."""
    waiting, gone = asyncio.create_task(answer), asyncio.create_task(_hung_up(request))
    try:
        await asyncio.wait({waiting, gone}, return_when=asyncio.FIRST_COMPLETED)
        return await waiting if waiting.done() else None
    finally:
        waiting.cancel()
        gone.cancel()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
