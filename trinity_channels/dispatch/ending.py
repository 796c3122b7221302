"""The end of a dispatcher: what runs gets a grace, which someone who cannot wait cuts short."""

from __future__ import annotations

import asyncio

from trinity_channels.dispatch.port import Dispatcher


async def end(dispatcher: Dispatcher, grace: float, hurry: asyncio.Event | None) -> None:
    """Stop it within `grace` seconds, at once when `hurry` is set."""
    ending = asyncio.create_task(dispatcher.stop(grace), name="dispatch ends")
    hurried = asyncio.create_task((hurry or asyncio.Event()).wait(), name="hurry")
    await asyncio.wait({ending, hurried}, return_when=asyncio.FIRST_COMPLETED)
    hurried.cancel()
    if not ending.done():
        await dispatcher.stop(0)
    await ending
