"""Asking for a link that signs in, and finding it in the mail."""

from __future__ import annotations

import asyncio
import re

import httpx

from tests.pages.clients import OWN
from tests.world import OWNER, PUBLIC, World

WRONG = "tc_" + "x" * 43


def link(world: World, to: str = OWNER) -> str:
    """The newest link mailed to someone."""
    found = re.search(r"https?://\S+/signin/link/\S+", world.mails.to(to)[-1].text)
    assert found
    return found[0]


async def asks(world: World, email: str = OWNER, client: str = "198.51.100.7", **headers: str) -> httpx.Response:
    """Ask for a link from somewhere, and wait until it is mailed."""
    transport = httpx.ASGITransport(world.app, client=(client, 1))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as asking:
        answer = await asking.post("/signin/mail", data={"email": email}, headers=OWN | headers)
    await mailed()
    return answer


async def mailed() -> None:
    """Let mails go out that are being sent beside requests."""
    tasks = [task for task in asyncio.all_tasks() if task.get_name() == "sign-in mail"]
    await asyncio.gather(*tasks)
