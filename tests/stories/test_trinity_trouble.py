"""What goes wrong on the platform, and on the way there: it costs time, or ends in exactly one apology."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, PlainTextResponse, Response

from tests.platform.double import Platform
from tests.platform.executions import Plan
from tests.platform.worlds import platform, runs, town, waits
from tests.world import World
from trinity_channels import texts

__all__ = ["platform", "town"]


ENDS = {
    "failed": Plan(seconds=5, ending="failed", error="Traceback: fake-secret of the agent"),
    "timed out": Plan(seconds=5, ending="failed", error="Task execution timed out after 900 seconds"),
    "cancelled": Plan(seconds=5, ending="cancelled"),
    "skipped": Plan(seconds=5, ending="skipped"),
    "no response": Plan(seconds=5, response=None),
    "huge response": Plan(seconds=5, response="x" * 1_100_000),
    "nothing but reasoning": Plan(seconds=5, response="<think>plan</think>"),
    "never begun": Plan(seconds=5, ending="cancelled", status="queued"),
}


@pytest.mark.parametrize("plan", ENDS.values(), ids=ENDS)
async def test_a_run_without_an_answer_ends_in_one_apology(town: World, platform: Platform, plan: Plan) -> None:
    runs(platform, plan)
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 300)

    assert zoe.heard() == [texts.APOLOGY]
    assert len(platform.executions) == 1
    (parked,) = await town.failed()
    assert parked.reason


async def test_what_the_agent_said_of_its_failure_is_for_the_owner_alone(town: World, platform: Platform) -> None:
    runs(platform, Plan(seconds=1, ending="failed", error="the disk is full"))
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 10)

    (parked,) = await town.failed()
    assert parked.reason == "The agent's run failed. It said: the disk is full"


def busy(status: int, body: Any = None, **headers: str) -> Response:
    return JSONResponse(
        body or {"detail": "busy"}, status, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


CIRCUIT = {"error": "circuit_open", "retry_after_seconds": 40}
TROUBLE: dict[str, Callable[[], list[Response | Exception]]] = {
    "429": lambda: [busy(429, Retry_After="20")],
    "503": lambda: [busy(503), busy(503)],
    "circuit open": lambda: [busy(503, CIRCUIT, X_Circuit_Open="true", Retry_After="40")],
    "circuit open, in the detail": lambda: [busy(503, {"detail": CIRCUIT})],
    "504": lambda: [busy(504, {"detail": "Execution x did not finish"})],
    "502 of a proxy": lambda: [Response("<html>Bad gateway</html>", 502, media_type="text/html")],
    "404 of a proxy": lambda: [PlainTextResponse("404 page not found", 404), Response(status_code=404)],
    "403 and 401 of a proxy": lambda: [Response("<html>Attention", 403), Response("Unauthorized", 401)],
    "no connection": lambda: [httpx.ConnectError("none")],
    "a connection that is cut": lambda: [httpx.ReadError("cut"), httpx.RemoteProtocolError("cut")],
    "a time-out": lambda: [httpx.ReadTimeout("slow")],
}


@pytest.mark.parametrize("kind", ["task", "execution"])
@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
async def test_trouble_that_passes_costs_time_alone(
    town: World, platform: Platform, kind: str, trouble: Callable[[], list[Response | Exception]]
) -> None:
    platform.fails(kind, *trouble())
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 120)

    assert zoe.heard() == ["echo hello"]
    assert len(platform.executions) == 1


async def test_a_task_that_times_out_twice_is_not_asked_a_third_time(town: World, platform: Platform) -> None:
    """Platforms that know no keys would begin a run each time."""
    platform.fails("task", httpx.ReadTimeout("slow"), httpx.ReadTimeout("slow"))
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 300)

    assert zoe.heard() == [texts.APOLOGY]
    assert platform.count("POST /task") == 2


async def test_a_run_that_is_followed_may_time_out_as_often_as_it_may_fail(town: World, platform: Platform) -> None:
    platform.fails("execution", *[httpx.ReadTimeout("slow")] * 5)
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 300)

    assert zoe.heard() == ["echo hello"]


async def test_the_platform_says_how_long_to_wait(town: World, platform: Platform) -> None:
    platform.fails("task", busy(503, CIRCUIT, X_Circuit_Open="true", Retry_After="40"))
    await town.person("Zoe").says("hello")

    await waits(town, 35)
    assert platform.count("POST /task") == 1
    await waits(town, 10)

    assert platform.count("POST /task") == 2


MALFORMED: dict[str, Callable[[], Response]] = {
    "no JSON": lambda: Response("<html>Welcome</html>", media_type="text/html"),
    "a list": lambda: JSONResponse([]),
    "null": lambda: JSONResponse(None),
    "nothing": Response,
    "an empty object": lambda: JSONResponse({}),
    "a status that is no text": lambda: JSONResponse({"status": 7}),
    "not UTF-8": lambda: Response(b"\xff\xfe\x00"),
    "nested too deeply": lambda: Response("[" * 100_000),
}


NOT_OF_THE_RUN: dict[str, Callable[[], Response]] = {
    "a redirect": lambda: Response(status_code=302, headers={"Location": "http://o.example"}),
    **{str(status): partial(busy, status) for status in (402, 405, 410, 418, 422)},
    "another run": lambda: JSONResponse({"id": "another", "status": "success", "response": "not for Zoe"}),
    "another run, which failed": lambda: JSONResponse({"id": "another", "status": "failed"}),
}


@pytest.mark.parametrize("answer", [*MALFORMED.values(), *NOT_OF_THE_RUN.values()], ids=[*MALFORMED, *NOT_OF_THE_RUN])
async def test_an_answer_of_another_shape_does_not_end_a_run(
    town: World, platform: Platform, answer: Callable[[], Response]
) -> None:
    platform.fails("execution", answer(), answer())
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 60)

    assert zoe.heard() == ["echo hello"]


@pytest.mark.parametrize("answer", MALFORMED.values(), ids=MALFORMED)
async def test_a_task_that_is_answered_in_another_shape_ends_in_one_apology(
    town: World, platform: Platform, answer: Callable[[], Response]
) -> None:
    platform.fails("task", answer())
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 60)

    assert zoe.heard() == [texts.APOLOGY]
    assert len(platform.executions) == 0


FINAL: dict[str, tuple[str, Callable[[], Response]]] = {
    "the agent is gone": ("task", lambda: busy(404, {"detail": "Agent not found"})),
    "its budget is used up": ("task", lambda: busy(410, {"error": "gone", "code": "ephemeral_budget_exhausted"})),
    "the token is not taken": ("task", lambda: busy(401, {"detail": "Could not validate credentials"})),
    "an unknown model": ("task", lambda: busy(422, {"detail": "Unknown model: x"})),
    "a redirect": ("task", lambda: Response(status_code=307, headers={"Location": "http://other.example/"})),
    "the run is not known": ("execution", lambda: busy(404, {"detail": "Execution not found"})),
    "an execution of many megabytes": ("execution", lambda: Response(b" " * 9_000_000)),
}


@pytest.mark.parametrize(("kind", "answer"), FINAL.values(), ids=FINAL)
async def test_what_does_not_pass_ends_in_one_apology(
    town: World, platform: Platform, kind: str, answer: Callable[[], Response]
) -> None:
    platform.fails(kind, answer())
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 60)

    assert zoe.heard() == [texts.APOLOGY]


@pytest.mark.parametrize("full", [False, True])
async def test_an_agent_that_is_stopped_or_busy_for_long_ends_in_one_apology(
    town: World, platform: Platform, *, full: bool
) -> None:
    platform.loaded = full
    platform.accounts.agents["support"].status = "running" if full else "stopped"
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 400)

    assert zoe.heard() == [texts.APOLOGY]
    assert len(platform.executions) == 0


async def test_a_run_that_never_ends_is_given_up_with_the_question(town: World, platform: Platform) -> None:
    runs(platform, Plan(seconds=None))
    zoe = town.person("Zoe")
    await zoe.says("hello")

    await waits(town, 25 * 3600, step=3600)

    (parked,) = await town.failed()
    assert parked.cause == "late"
    assert len(platform.executions) == 1


async def test_a_platform_that_answers_when_the_run_has_ended_is_answered_from(town: World, platform: Platform) -> None:
    platform.synchronous = True
    zoe = town.person("Zoe")

    await zoe.says("hello")

    assert zoe.heard() == ["echo hello"]
