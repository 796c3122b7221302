"""Shared by commands that work on the database without a running server, or beside one. Imported on demand: it is slow."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import TypeVar

from trinity_channels.app import Host
from trinity_channels.cli.errors import CommandFailed
from trinity_channels.cli.terminal import say
from trinity_channels.readable_settings import database_url
from trinity_channels.settings import Settings, SettingsError, StandaloneSettings
from trinity_channels.store import Store, store_at

T = TypeVar("T")


def with_store(work: Callable[[Store], Awaitable[T]]) -> T:
    """Do something with the database; a running server goes on.

    Raises:
        SettingsError: the settings cannot work, and no server runs on the database that they name.
    """

    async def opened() -> T:
        store = _database()
        store.open(serve=False)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(opened())


def _database() -> Store:
    """The database, not open yet. Beside a running server that is possible with settings that its next start refuses."""
    try:
        return store_at(StandaloneSettings.load().database_url.get_secret_value())
    except SettingsError as error:
        store = store_at(database_url())
        if not (store.exists() and store.is_served()):
            raise
        say(f"The settings cannot work; the running server goes on with those it has:\n{error}\n", err=True)
        return store


def with_host(work: Callable[[Host], Awaitable[T]]) -> T:
    """Do something with everything the host is made of; it serves nothing and sends nothing on its own."""

    async def opened() -> T:
        async with idle_host(StandaloneSettings.load()) as host:
            return await work(host)

    return asyncio.run(opened())


@contextlib.asynccontextmanager
async def idle_host(settings: Settings) -> AsyncIterator[Host]:
    """A host with its database open that was never started."""
    host = Host(settings)
    try:
        host.vault.unlock(make=False)
        host.store.open(serve=False)
        host.vault.unlock()
        await host.address.load()
        await host.limits.load()
        yield host
    finally:
        await host.store.close()
        await host.http.aclose()


def known_agent(settings: Settings, name: str) -> None:
    """Check that an agent is configured. Which agents the platform has, where those are served, is not asked here.

    Raises:
        CommandFailed: naming those that are.
    """
    if name not in settings.agents and not settings.serves_platform:
        known = (
            ", ".join(settings.agents) or "none: add a table [agents.<name>] to the file TRINITY_CHANNELS_CONFIG names"
        )
        raise CommandFailed(f"Unknown agent {name!r}. Configured agents: {known}.")


def moment(at: datetime | None) -> str:
    """A time for people."""
    return "never" if at is None else f"{at:%Y-%m-%d %H:%M} UTC"
