"""One binding that listens: its plugin's `listen` runs again and again, and what it delivers is stored."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import httpx

from trinity_channels import api
from trinity_channels.bindings import Bindings, Disconnected, OpenBinding
from trinity_channels.bindings.listening import Listening
from trinity_channels.crypto.vault import VaultError
from trinity_channels.inbound.asked_pause import asked_pause
from trinity_channels.inbound.connection_state import ConnectionState
from trinity_channels.inbound.delivered import Delivered
from trinity_channels.inbound.still_listens import StillListens
from trinity_channels.observability.failures import Failures, cause_of
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, StoreError

log = get_logger(__name__)

FIRST_PAUSE = 1.0
"""Seconds before it is called again; they double each time it has ended soon."""
LONGEST_PAUSE = 60.0
RARELY = 600.0
"""Seconds before it is called again after the provider has refused the credentials."""
RAN_WELL = timedelta(minutes=1)
"""How long a connection lasts that was a good one: after that the pauses begin from the first."""


class Listener:
    """The binding's connection, from the start of `run` until that is cancelled."""

    def __init__(
        self,
        fence: StillListens,
        store: Store,
        opened: Bindings,
        delivered: Delivered,
        http: httpx.AsyncClient | None,
        now: Callable[[], datetime],
    ) -> None:
        """`fence` names the binding, and lets nothing be stored once it has changed.

        `http` takes the place of the client that other hooks are lent; None: it is lent as well.
        """
        self._binding = fence.binding
        self._fence = fence
        self._store = store
        self._opened = opened
        self._delivered = delivered
        self._http = http
        self._now = now
        self._failures = Failures(now)
        self._state = ConnectionState(fence, store, now)
        self._endings = 0
        self._due: datetime | None = None
        self._again = asyncio.Event()
        self._over = False
        self._sure = asyncio.Event()
        self._sure.set()
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Listen until cancelled, or until the binding is not connected any more."""
        self._task = asyncio.current_task()
        try:
            while True:
                try:
                    error = await self._listen_once()
                    if self._over:
                        return
                    pause = await self._ended(error)
                except Disconnected:
                    return
                except BaseException as error:
                    if self._is_end(error):
                        raise
                    # Ours, not the plugin's: without this nothing would listen until the binding is changed.
                    log.exception("listener failed", binding=self._binding, error=type(error).__name__)
                    pause = LONGEST_PAUSE
                await self._wait(pause)
        except asyncio.CancelledError:
            await self._state.end()
            raise
        finally:
            self._over = True

    def stop(self) -> None:
        """Take nothing more, even from a plugin that goes on although it is cancelled."""
        self._over = True
        self._sure.set()

    def hold(self) -> None:
        """Take and begin nothing until `go_on` or `stop`: the binding may have changed."""
        self._sure.clear()

    def go_on(self) -> None:
        """The binding is as it was."""
        self._sure.set()

    async def beat(self) -> None:
        """Store again that it listens; only for the process that leads."""
        await self._state.beat()

    def try_if_due(self) -> None:
        """Try again now, if the time for it has come by the host's clock."""
        if self._due is not None and self._due <= self._now():
            self._again.set()

    async def _listen_once(self) -> BaseException | None:
        """Let the plugin listen; returns why it has ended, None if for no particular reason.

        Raises:
            Disconnected: the binding is not connected.
        """
        try:
            await self._sure.wait()
            # Asked each time: news of other processes may not have come.
            await self._store.lookup(self._fence)
            await self._state.take_over()
            bound = await self._opened.open(self._binding)
            if not bound.listens:
                raise Disconnected
            if self._state.made is False:
                bound = replace(bound, binding=replace(bound.binding, claims=True))
            if self._http is not None:
                bound = replace(bound, context=replace(bound.context, http=self._http))
            await bound.listen(self._deliver(bound))
        except Disconnected:
            raise
        except BaseException as error:
            # A plugin may raise anything, also what ends a program that does not catch it.
            if self._is_end(error):
                raise
            return error
        return None

    def _is_end(self, error: BaseException) -> bool:
        """Whether this listener is to end: it was cancelled, its coroutine is closed, or the program is interrupted."""
        match error:
            case asyncio.CancelledError():
                # Otherwise something that the plugin has begun was cancelled.
                return self._task is None or self._task.cancelling() > 0
            case GeneratorExit():
                # Otherwise the plugin has raised it.
                return asyncio.current_task() is not self._task
            case _:
                return isinstance(error, KeyboardInterrupt)

    def _deliver(self, bound: OpenBinding) -> api.Deliver:
        async def deliver(inbound: api.Inbound) -> None:
            # What is there already is delivered without any waiting, and all else in the process would wait for it.
            await asyncio.sleep(0)
            await self._sure.wait()
            if self._over:
                raise api.NotStored(_OVER)
            if not isinstance(inbound, api.Inbound):
                raise TypeError(f"deliver takes an Inbound, not {type(inbound).__name__}")
            try:
                await self._connected(bound)
                await self._delivered.take(bound, inbound.events, self._fence)
            except Disconnected:
                self._end()
                raise api.NotStored(_OVER) from None

        return deliver

    def _end(self) -> None:
        """Listen no more, whatever the plugin does with what it was told."""
        self.stop()
        if self._task is not None:
            self._task.cancel()

    async def _connected(self, bound: OpenBinding) -> None:
        """Note the first sign of a connection."""
        before = self._state.at
        if before.connected_since:
            return
        refused, failing_since = before.refused, before.failing_since
        self._state.made = True
        # Credentials that are taken again do not fail again and again.
        fails = None if refused else failing_since
        await self._state.put(Listening(connected_since=self._now(), failing_since=fails))
        self._failures.ended(bound.id)
        if failing_since:
            self._delivered.resumed(bound, failing_since)
        log.info("listening", channel=bound.channel, agent=bound.agent)
        if refused:
            await self._delivered.take(bound, (api.BindingState("listen", works=True),), self._fence)

    async def _ended(self, error: BaseException | None) -> float:
        """Note why it has ended; returns the seconds until it is to be tried again."""
        now, before = self._now(), self._state.at
        since, failing_since = before.connected_since, before.failing_since
        ran_well = since is not None and now - since >= RAN_WELL
        if ran_well:
            self._endings, failing_since = 0, None
        refused = isinstance(error, api.ConfigurationError | VaultError)
        pause = RARELY if refused else min(FIRST_PAUSE * 2**self._endings, LONGEST_PAUSE)
        # Listeners that were cut at the same moment do not come back at the same moment.
        pause = max(asked_pause(error).total_seconds(), pause * random.uniform(0.75, 1))  # noqa: S311  no secret
        self._endings = min(self._endings + 1, 10)
        if error is None and ran_well:
            await self._state.put(Listening())
            return pause
        if error is None:
            error = api.ProviderUnavailable(_ENDED if since else _NEVER_BEGAN)
        failed = Listening(
            failing_since=failing_since or now,
            error=_words(error),
            refused=refused,
            next_try=now + timedelta(seconds=pause),
        )
        if isinstance(error, api.ConfigurationError) and not before.refused:
            await self._alert(error)
        if self._failures.is_news(self._binding, cause := cause_of(error)):
            log.warning("not listening", binding=self._binding, cause=cause)
        await self._state.put(failed)
        return pause

    async def _alert(self, error: api.ConfigurationError) -> None:
        """Tell the owner as if the provider had reported it."""
        state = api.BindingState("listen", works=False, message=error.message, fix=_FIX)
        with self._beside():
            bound = await self._opened.open(self._binding)
            # Where the way has just been changed, the provider refuses for that reason.
            await self._delivered.take(bound, (state,), self._fence)

    @contextlib.contextmanager
    def _beside(self) -> Iterator[None]:
        """Do something beside listening, which goes on whatever becomes of it."""
        try:
            yield
        except (Disconnected, VaultError, StoreError, api.NotStored):
            pass
        except Exception as error:
            log.exception("listener failed", binding=self._binding, error=type(error).__name__)

    async def _wait(self, seconds: float) -> None:
        self._due = self._now() + timedelta(seconds=seconds)
        self._again.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._again.wait()
        self._due = None


_NEVER_BEGAN = "The connection has ended before anything came."
_ENDED = "The connection has ended soon after it was made."
_OVER = "This process does not listen for this binding any more."
_FIX = (
    "Once that is corrected, enter what has changed in the settings, and save: the connection is then made at once, "
    "otherwise within ten minutes."
)


def _words(error: BaseException) -> str:
    """What people are told; a plugin's own failures have texts for logs only."""
    if isinstance(error, api.ChannelError):
        return error.message
    if isinstance(error, VaultError):
        return str(error)
    return f"The plugin failed ({type(error).__name__})."
