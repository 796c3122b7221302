"""SIGHUP: read the agents again, as servers do; end if it came because the terminal was closed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Iterator

from trinity_channels.agents.reload import AgentReload, ReloadRefused
from trinity_channels.observability.log import get_logger
from trinity_channels.principal import HANGUP
from trinity_channels.store import StoreError

log = get_logger(__name__)


@contextlib.contextmanager
def reloads_on_hangup(agents: AgentReload) -> Iterator[None]:
    """Read the agents again at every SIGHUP, as long as the context is open."""
    loop = asyncio.get_running_loop()
    began_on_terminal = sys.stdin.isatty()
    running: set[asyncio.Task[None]] = set()

    def hang_up() -> None:
        if began_on_terminal and not sys.stdin.isatty():  # the terminal is gone, and so is who could press Ctrl-C
            os.kill(os.getpid(), signal.SIGTERM)
            return
        task = loop.create_task(_reload(agents), name="reload")
        # The event loop keeps no reference of its own; an unreferenced task may be collected while it runs.
        running.add(task)
        task.add_done_callback(running.discard)

    loop.add_signal_handler(signal.SIGHUP, hang_up)
    try:
        yield
    finally:
        # Afterwards SIGHUP ends the process again, as it does by default.
        loop.remove_signal_handler(signal.SIGHUP)


async def _reload(agents: AgentReload) -> None:
    try:
        done = await agents.run(HANGUP)
    except ReloadRefused as refused:
        log.warning("agents not reloaded", problems=refused.problems)
    except StoreError as error:
        log.warning("agents not reloaded", cause=str(error))
    except Exception as error:  # the host goes on with what it had
        log.exception("agents not reloaded", error=type(error).__name__)
    else:
        changes = done.changes
        log.info("agents reloaded", added=changes.added, changed=changes.changed, removed=changes.removed)
        for one in done.left:
            log.warning("agent removed but still connected", agent=one.agent, channel=one.channel)
        if done.restart:
            log.warning("settings changed that need a restart", settings=done.restart)
