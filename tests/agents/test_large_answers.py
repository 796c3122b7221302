"""While a large answer of the platform is read, the host goes on with everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from tests.agents.apis import KEY, NOW, TURN, trinity
from trinity_channels.agents.platform import Platform
from trinity_channels.agents.trinity_accounts import PlatformUnavailable, TrinityAccounts


def accounts(answer: object) -> TrinityAccounts:
    http = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200, json=answer)))
    return TrinityAccounts(http, Platform("http://trinity.example", SecretStr(KEY)), lambda: NOW)


def users(many: int) -> list[dict[str, Any]]:
    return [{"username": f"user{at}", "email": f"U{at}@example.org", "role": "user"} for at in range(many)]


async def lists_accounts(many: int) -> None:
    found = await accounts(users(many)).users()
    assert [one.email for one in found[:1]] == ["u0@example.org"]
    assert len(found) == many


async def lists_agents(many: int) -> None:
    found = await accounts([{"name": f"agent{at}", "owner": "olga"} for at in range(5 * many)]).agents()
    assert len(found) == 5 * many


async def lists_shares(many: int) -> None:
    shares = [{"shared_with_email": f"u{at}@example.org", "allow_proactive": True} for at in range(many)]
    assert len(await accounts(shares).shares("support")) == many


async def follows_a_run(many: int) -> None:
    calls = [{"tool": "Read", "input": {"path": str(at)}} for at in range(5 * many)]
    told = {"status": "success", "response": "hello", "tool_calls": calls}
    runtime = trinity(lambda _: httpx.Response(200, json=told))
    assert await runtime.run(replace(TURN, run="e1")) == "hello"


async def rounds_of_the_loop(doing: Awaitable[None]) -> int:
    """How often everything else had its turn meanwhile."""
    task = asyncio.ensure_future(doing)
    rounds = 0
    while not task.done():
        await asyncio.sleep(0)
        rounds += 1
    await task
    return rounds


@pytest.mark.parametrize("asks", [lists_accounts, lists_agents, lists_shares, follows_a_run])
async def test_a_large_answer_does_not_stop_the_loop(asks: Callable[[int], Awaitable[None]]) -> None:
    assert await rounds_of_the_loop(asks(10_000)) > 10 * await rounds_of_the_loop(asks(1))


@pytest.mark.parametrize("answer", ["x" * 200_000, {"users": "x" * 200_000}, {"x" * 200_000: 1}])
async def test_a_large_answer_of_another_shape_is_refused(answer: object) -> None:
    with pytest.raises(PlatformUnavailable, match="shape"):
        await accounts(answer).users()
