"""Named points on the way of a message, at which a host stops itself (SIGSTOP) when it is told to.

What is done to it there is for the test to say: a process that is stopped can be killed, or go on while all around it has
changed. The points are put around public functions of the product, which knows nothing of them.
"""

from __future__ import annotations

import asyncio
import contextvars
import re
import signal
import sqlite3
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine, event
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trinity_channels.agents.openai import OpenAIRuntime
from trinity_channels.agents.port import AgentTurn, Answer
from trinity_channels.api import Event, OutboundMessage, Receipt
from trinity_channels.bindings import OpenBinding
from trinity_channels.cli import servers
from trinity_channels.inbound import intake
from trinity_channels.inbound.accept import Accepted
from trinity_channels.inbound.commands import Expecting
from trinity_channels.inbound.gather import Bursts
from trinity_channels.store import Store, Tx, Unit, deliveries, inbox, turns
from trinity_channels.store.conversation_state import Message as Waiting

STORING = "while storing"
"""In the transaction that stores a message, before its commit."""
STORED = "after accept"
"""The message is committed; its answer is not begun."""
ANSWERING = "before the ack"
"""The provider's answer is made; not a byte of it is written."""
ACKNOWLEDGED = "after the ack"
MID_TURN = "mid-turn"
"""The agent is at work."""
ANSWERED = "after the agent's answer"
"""It is not recorded."""
CLAIMING_TURN = "claiming a turn"
CLAIMING = "claiming a send"
"""In the transaction that marks a delivery as being sent."""
SENDING = "before a send"
"""It is on record that the provider is called, which it is not yet."""
SENT = "after the provider took a send"
"""It is not recorded."""
BETWEEN = "between parts"
"""A part of a long answer is recorded as sent, and the next is not begun."""
GATHERING = "gathering a burst"
"""Several messages of one person wait for more, which this process has not received itself, or not all of them."""
FINISHING = "while storing an answer"
"""In the transaction that ends a turn and queues the agent's answer."""
RECORDING = "while recording a send"
"""In the transaction that records that the provider took a send."""
MIGRATING = "during migration"

INCOMING = frozenset({STORING, STORED, ANSWERING, ACKNOWLEDGED})
"""The points that a process passes which receives; those which work pass all others."""
FULL = ".full"
"""The file beside the orders that fails the transaction in which the process has stopped, as a full disk does."""
MUTE = ".mute"
"""The file beside the orders, while which is there no heartbeat of the process is written."""
WITHIN_A_CALL = 0.02
"""Seconds after which a call of the agent is under way."""
_PIECE = re.compile(r":(\d)/(\d)\b")
_stored = contextvars.ContextVar("stored", default=False)


class Points:
    """Reads from a file whether to stop, and where: the name of a point, and how often it is passed until then."""

    def __init__(self, orders: Path) -> None:
        self._orders = orders
        self._mute = orders.with_suffix(MUTE)
        self._full = orders.with_suffix(FULL)
        self._received: set[str] = set()
        self._passed = 0
        self._one = threading.Lock()

    def passed(self, point: str) -> None:
        """Stop the process, if this is what it was told; returns when it goes on."""
        with self._one:
            try:
                wanted, _, times = self._orders.read_text().rpartition(" ")
            except FileNotFoundError:
                return
            if wanted != point:
                return
            self._passed += 1
            if self._passed < int(times):
                return
            self._passed = 0
            self._orders.unlink(missing_ok=True)
        # To this thread: a signal to the process may find another thread first, and this one would go on meanwhile.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    def watch(self, store: type[Store]) -> None:
        """Put the points around what hosts do; `store` is the kind that they have."""
        # What the drivers raise; the units beside it in the same transaction fail, too.
        on_a_server = store.__name__ == "PostgresStore"
        self._disk_full = psycopg.errors.DiskFull() if on_a_server else sqlite3.OperationalError("disk is full")
        self._watch_migrations()
        self._watch_what_comes_in()
        self._watch_agents()
        self._watch_what_goes_out(store)
        self._watch_bursts()
        if on_a_server:
            self._watch_heartbeats()
        serving = servers.serving
        servers.serving = lambda app, *args, **options: serving(self._around(app), *args, **options)

    def _around(self, app: ASGIApp) -> ASGIApp:
        """Put the points around the answers of webhooks that brought a message."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            async def answer(message: Message) -> None:
                if not _stored.get():
                    await send(message)
                    return
                if message["type"] == "http.response.start":
                    self.passed(ANSWERING)
                await send(message)
                if message["type"] == "http.response.body":
                    self.passed(ACKNOWLEDGED)

            await app(scope, receive, answer)

        return watched

    def _watch_migrations(self) -> None:
        @event.listens_for(Engine, "before_cursor_execute")
        def changes(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.lstrip().upper().startswith(("CREATE", "ALTER", "DROP")):
                self.passed(MIGRATING)

    def _watch_what_comes_in(self) -> None:
        take = intake.Intake.take

        async def taken(
            self: intake.Intake, bound: OpenBinding, events: Sequence[Event], fence: Callable[[Tx], None] | None = None
        ) -> Accepted:
            accepted = await take(self, bound, events, fence)
            if accepted.messages:
                _stored.set(True)
                received.update(message for _, message in accepted.messages)
                passed(STORED)
            return accepted

        passed, received = self.passed, self._received
        intake.Intake.take = taken  # type: ignore[method-assign]
        inbox.accept = self._after(inbox.accept, STORING)

    def _watch_agents(self) -> None:
        run, passed = OpenAIRuntime.run, self.passed

        async def watched(self: OpenAIRuntime, turn: AgentTurn) -> str | Answer:
            under_way = asyncio.get_running_loop().call_later(WITHIN_A_CALL, passed, MID_TURN)
            try:
                answer = await run(self, turn)
            finally:
                under_way.cancel()
            passed(ANSWERED)
            return answer

        OpenAIRuntime.run = watched  # type: ignore[method-assign]
        turns.begin = self._after(turns.begin, CLAIMING_TURN)
        turns.finish = self._after(turns.finish, FINISHING)

    def _watch_bursts(self) -> None:
        complete_at = Bursts.complete_at

        def watched(self: Bursts, waiting: Sequence[Waiting], expecting: Expecting, now: datetime) -> datetime | None:
            at = complete_at(self, waiting, expecting, now)
            if at and len(waiting) > 1 and any(one.provider_id not in received for one in waiting):
                passed(GATHERING)
            return at

        passed, received = self.passed, self._received
        Bursts.complete_at = watched  # type: ignore[method-assign]

    def _watch_what_goes_out(self, store: type[Store]) -> None:
        deliveries.mark_sending = self._after(deliveries.mark_sending, CLAIMING)
        deliveries.taken = self._after(deliveries.taken, RECORDING)
        send, write, passed = OpenBinding.send, store.write, self.passed
        goes_on: set[asyncio.Task[Any] | None] = set()

        async def sent(self: OpenBinding, message: OutboundMessage) -> Receipt:
            passed(SENDING)
            receipt = await send(self, message)
            passed(SENT)
            if any(number != of for number, of in _PIECE.findall(message.text)[-1:]):
                goes_on.add(asyncio.current_task())
            return receipt

        async def written(self: Store, unit: Unit[Any]) -> Any:
            result = await write(self, unit)
            if (task := asyncio.current_task()) in goes_on:
                goes_on.discard(task)
                passed(BETWEEN)
            return result

        OpenBinding.send = sent  # type: ignore[method-assign]
        store.write = written  # type: ignore[method-assign]

    def _watch_heartbeats(self) -> None:
        from procrastinate.manager import JobManager  # noqa: PLC0415  with SQLite nothing of it is imported

        update = JobManager.update_heartbeat

        async def late(self: JobManager, worker_id: int) -> None:
            while mute.exists():  # noqa: ASYNC110  a file has no event
                await asyncio.sleep(0.1)
            await update(self, worker_id)

        mute = self._mute
        JobManager.update_heartbeat = late  # type: ignore[method-assign]

    def _after(self, function: Callable[..., Any], point: str) -> Callable[..., Any]:
        def watched(*args: Any, **values: Any) -> Any:
            result = function(*args, **values)
            self.passed(point)
            if self._full.exists():
                self._full.unlink(missing_ok=True)
                raise self._disk_full
            return result

        return watched
