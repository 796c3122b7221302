"""The kit's own world: virtual time, a network with faults, and faults of a simulator that are not the plugin's."""
# ruff: noqa: ARG001 - ASGI's signature

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from trinity_channels.api import Context, Simulator, hookimpl
from trinity_channels_contract_tests import BrokenPromise, ChannelContract
from trinity_channels_contract_tests.case import broken_promises
from trinity_channels_contract_tests.echo import Echo, EchoSimulator
from trinity_channels_contract_tests.loop import JumpingLoop, longest_block
from trinity_channels_contract_tests.meddling import Impatient
from trinity_channels_contract_tests.transport import Transport

Play = Callable[[Coroutine[Any, Any, Any]], Any]


def play(story: Coroutine[Any, Any, Any]) -> Any:
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(story)


def test_a_day_passes_at_once() -> None:
    began = time.perf_counter()

    play(asyncio.sleep(86_400))

    assert time.perf_counter() - began < 5


def test_time_stands_still_while_a_thread_works() -> None:
    async def story() -> float:
        async with asyncio.timeout(10):
            await asyncio.to_thread(time.sleep, 0.05)
        return asyncio.get_running_loop().time()

    assert play(story()) < 10


def test_a_blocking_call_is_noticed() -> None:
    async def story() -> float:
        time.sleep(0.06)  # noqa: ASYNC251  what is to be noticed
        await asyncio.sleep(0)
        return longest_block()

    assert play(story()) >= 0.05


async def silent(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(3600)


async def truncated(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
    await send({"type": "http.response.body", "body": b"half"})


async def unanswered(scope: Scope, receive: Receive, send: Send) -> None:
    return


@pytest.mark.parametrize(
    ("app", "error"),
    [(silent, httpx.ReadTimeout), (truncated, httpx.RemoteProtocolError), (unanswered, httpx.RemoteProtocolError)],
)
def test_a_network_fails_like_a_network(app: Any, error: type[Exception]) -> None:
    async def story() -> None:
        async with httpx.AsyncClient(transport=Transport("provider.example", app)) as client:
            await client.get("http://provider.example/")

    with pytest.raises(error):
        play(story())


def test_a_client_that_gives_up_is_a_disconnect() -> None:
    seen: list[str] = []

    async def patient(scope: Scope, receive: Receive, send: Send) -> None:
        seen.extend([(await receive())["type"], (await receive())["type"]])

    async def story() -> None:
        async with httpx.AsyncClient(transport=Transport("provider.example", patient)) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.get("http://provider.example/")
            await asyncio.sleep(0)

    play(story())

    assert seen == ["http.request", "http.disconnect"]


class Crashing(EchoSimulator):
    """A simulator with a fault of its own."""

    def settings(self) -> dict[str, str]:
        raise ZeroDivisionError("the simulator cannot count")


class CrashingEcho(Echo):
    @hookimpl
    def simulator(self, ctx: Context) -> Simulator:
        return Crashing(ctx, self.signed)


class TestNothing:
    """Contracts that cannot even begin."""

    def test_a_crash_of_the_simulator_is_told(self) -> None:
        class Contract(ChannelContract):
            channel = "echo"
            plugin = CrashingEcho()

        with pytest.raises(BrokenPromise, match="the simulator cannot count"):
            Contract().test_it_tries_once()

    def test_a_plugin_that_is_not_installed_is_told(self) -> None:
        class Contract(ChannelContract):
            channel = "no_such_channel"

        with pytest.raises(BrokenPromise, match="no installed distribution publishes 'no_such_channel'"):
            Contract().test_the_host_loads_it()
        assert set(broken_promises(Contract)) == {"test_the_host_loads_it"}


def test_an_impatient_provider_brings_no_sign_of_life_again() -> None:
    async def story() -> list[Any]:
        impatient, told = Impatient(), []
        for number in range(3):

            async def held_open(number: int = number) -> httpx.Response:
                await asyncio.sleep(45)
                return httpx.Response(200, json={"ok": True, "seen": [7], "events": [{"id": number}]})

            answer = await impatient(httpx.Request("GET", "http://provider.example/events"), held_open)
            told.append((answer.json(), asyncio.get_running_loop().time()))
        return told

    usual = {"ok": True, "seen": [7]}
    events = [usual | {"events": [{"id": 0}]}, usual | {"events": [{"id": 1}]}, usual | {"events": []}]
    assert play(story()) == list(zip(events, (45, 90, 90), strict=True))
