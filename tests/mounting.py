"""The channels in an empty application whose every user is the owner."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from tests import database
from tests.installed import installed
from tests.world import KEY, OWNER, PUBLIC
from trinity_channels.app import Host, Ports, mount_channels
from trinity_channels.principal import Principal, Role
from trinity_channels.settings import Settings


class Boss:
    """Everyone is the owner."""

    async def principal(self, _: Any) -> Principal | None:
        return Principal(Role.USER, OWNER)


def founded(folder: Path) -> Settings:
    """Settings of a host with a new database in `folder`."""
    database.found(folder)
    return Settings.load(
        trinity_channels_home=folder,
        public_chat_url=PUBLIC,
        credential_encryption_key=KEY,
        agents={"support": {"owner": OWNER, "runtime": "echo"}},
    )


def mount(app: FastAPI, settings: Settings, **options: Any) -> Host:
    return mount_channels(app, Ports(authenticator=Boss(), plugins=installed()), settings, **options)


@contextlib.asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=PUBLIC) as client,
    ):
        yield client
