"""Five thousand requests that nobody should make: none of them breaks anything, and every refusal says what it is."""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import text

from tests.load.fuzz import Answer, ApiFuzz, Raw, WebhookFuzz
from tests.world import ADMIN, World

REQUESTS = 2500
SEED = 20260302


def wrong_with(request: Raw, answer: Answer) -> str | None:
    """What is wrong with an answer, None if nothing is."""
    if answer.status >= 500:
        return f"answered {answer.status}: {answer.body[:200]!r}"
    if answer.status < 400 or request.method == "HEAD":
        return None
    try:
        error = json.loads(answer.body)
    except ValueError:
        return f"{answer.status} without JSON: {answer.body[:80]!r}"
    told = isinstance(error, dict) and isinstance(error.get("code"), str) and isinstance(error.get("message"), str)
    return None if told and error["code"] and error["message"] else f"{answer.status} without code and message: {error}"


async def fired(
    world: World, make: Callable[[], Raw], caplog: pytest.LogCaptureFixture
) -> tuple[Counter[int], list[str]]:
    """Fire requests; how often each status came, and what was wrong with which request."""
    statuses: Counter[int] = Counter()
    wrong: list[str] = []
    for index in range(REQUESTS):
        request = make()
        answer = await request.ask(world.app)
        statuses[answer.status] += 1
        if fault := wrong_with(request, answer):
            wrong.append(f"#{index} {request.method} {request.path[:90]} {request.chunks[0][:120]!r}: {fault}")
        if index % 100 == 0:
            await world.settle()
    await world.settle()
    wrong += [f"logged: {one.getMessage()}" for one in caplog.records if one.levelno >= logging.ERROR]
    return statuses, wrong


async def faults_of_the_database(world: World) -> list[str]:
    """Rows that point nowhere, and damage."""
    dangling, damage = await world.host.store.read(
        lambda tx: (
            tx.query(text("PRAGMA foreign_key_check")),
            tx.query(text("PRAGMA integrity_check")),
        )
    )
    return [str(row) for row in dangling] + [row[0] for row in damage if row[0] != "ok"]


@pytest.mark.timeout(120)
async def test_webhooks_take_whatever_comes(world: World, caplog: pytest.LogCaptureFixture) -> None:
    await world.policy("open")
    url = (await world.api("GET", "/api/agents/support/whatsapp")).json()["webhook_url"]
    fuzz = WebhookFuzz(random.Random(SEED), url, dict(world.twilio.settings()))

    statuses, wrong = await fired(world, fuzz.request, caplog)

    assert wrong == [], "\n".join(wrong[:10])
    assert await faults_of_the_database(world) == []
    assert statuses[200] > REQUESTS / 4, f"hardly anything was authentic: {statuses}"
    assert statuses[403] > REQUESTS / 10, f"hardly anything was not: {statuses}"


@pytest.mark.timeout(120)
async def test_the_api_takes_whatever_comes(world: World, caplog: pytest.LogCaptureFixture) -> None:
    schema = world.app.openapi()
    others = [name for name in world.host.plugins if name != "whatsapp"]  # their providers are not simulated here
    schema["paths"] = {
        path: methods for path, methods in schema["paths"].items() if not any(f"/{name}" in path for name in others)
    }
    await world.person("Zoe").says("hello")
    fuzz = ApiFuzz(random.Random(SEED), schema, [ADMIN])

    statuses, wrong = await fired(world, fuzz.request, caplog)

    assert wrong == [], "\n".join(wrong[:10])
    assert await faults_of_the_database(world) == []
    assert {200, 401, 404, 422} <= set(statuses), statuses
