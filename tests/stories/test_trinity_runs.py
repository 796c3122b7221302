"""An agent on the platform: whatever becomes of its run, the person gets exactly one answer or one apology."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.responses import JSONResponse, Response

from tests.platform.double import Platform
from tests.platform.executions import Plan
from tests.platform.worlds import beside, platform
from tests.world import Found, Person, World
from trinity_channels import texts

__all__ = ["platform"]


@pytest.fixture
async def town(found: Found, platform: Platform) -> World:
    return await beside(found, platform)


async def waits(world: World, seconds: int, step: int = 5) -> None:
    """Let time pass in small steps, as it does: each question to the platform sets the time of the next."""
    for _ in range(seconds // step):
        await world.later(seconds=step)


def runs(platform: Platform, *plans: Plan) -> None:
    platform.executions.plans[:] = plans


async def test_a_run_is_begun_and_its_answer_asked_for(town: World, platform: Platform) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    assert zoe.heard() == []

    await town.later(seconds=1)

    assert zoe.heard() == ["echo hello"]
    (asked,) = platform.asked()
    assert asked["async_mode"] is True
    assert asked["allowed_tools"] == ["WebSearch", "WebFetch"]
    assert "model" not in asked


@pytest.mark.parametrize("minutes", [2, 40, 300])
async def test_an_answer_may_take_longer_than_any_time_out(town: World, platform: Platform, minutes: int) -> None:
    runs(platform, Plan(seconds=minutes * 60))
    zoe = town.person("Zoe")
    await zoe.says("hello")

    await waits(town, (minutes + 1) * 60, step=30)

    (heard,) = zoe.heard()
    assert heard.endswith("echo hello")
    assert len(platform.executions) == 1
    # The questions are spread out: about five for each doubling at first, later two a minute.
    assert platform.count(f"GET {next(iter(platform.executions)).id}") <= 40 + 2 * minutes


async def test_questions_get_fewer_the_longer_a_run_takes(town: World, platform: Platform) -> None:
    runs(platform, Plan(seconds=None))
    await town.person("Zoe").says("hello")
    run = next(iter(platform.executions)).id

    counts = []
    for _ in range(4):
        before = platform.count(f"GET {run}")
        await waits(town, 60, step=1)
        counts.append(platform.count(f"GET {run}") - before)

    assert counts == sorted(counts, reverse=True)
    assert 10 <= counts[0] <= 25
    assert counts[-1] <= 3


async def test_a_run_that_is_followed_takes_no_slot(found: Found, platform: Platform) -> None:
    town = await beside(found, platform)
    runs(platform, Plan(seconds=600))
    for name in ("Zoe", "Yan", "Xu"):
        await town.person(name).says("hello")

    counts = town.driver.counts()

    assert (counts.contacts_served, counts.turns_waiting, counts.conversations_waiting) == (0, 0, 3)


async def test_people_who_write_meanwhile_are_answered_in_order(town: World, platform: Platform) -> None:
    runs(platform, Plan(seconds=20), Plan())
    zoe = town.person("Zoe")
    await zoe.says("one", "two", "three")

    await waits(town, 60)

    assert zoe.heard() == ["echo one", "echo two\nthree"]


@pytest.mark.parametrize("receipts", [False, True])
@pytest.mark.parametrize("lost", [1, 3])
async def test_a_key_that_was_used_leads_to_the_run_that_it_began(
    town: World, platform: Platform, *, receipts: bool, lost: int
) -> None:
    """The answer that the run has begun is lost on its way; the turn is tried again with the same key."""
    platform.receipts = receipts
    platform.lose_answers = 1
    platform.fails("task", *[Response(status_code=502)] * (lost - 1))
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 60)

    assert zoe.heard() == ["echo hello"]
    assert len(platform.executions) == 1


@pytest.mark.parametrize("graceful", [False, True])
@pytest.mark.parametrize("downtime", [1, 100])
async def test_a_restart_goes_on_with_the_run(
    town: World, platform: Platform, *, downtime: int, graceful: bool
) -> None:
    runs(platform, Plan(seconds=60))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.later(seconds=2)

    await (town.stops() if graceful else town.dies())
    town.clock.tick(timedelta(seconds=downtime))
    await town.starts()
    await waits(town, 120)

    assert zoe.heard() == ["echo hello"]
    assert len(platform.executions) == 1
    assert platform.count("POST /task") == 1


async def test_a_process_that_dies_before_the_run_is_on_record_finds_it_by_its_key(
    town: World, platform: Platform
) -> None:
    runs(platform, Plan(seconds=5))
    zoe = town.person("Zoe")
    # What the platform says arrives nowhere: the process ends while it waits.
    platform.lose_answers = 1
    await zoe.phone.says("hello")
    await town.until(lambda: len(platform.executions) == 1)
    await town.dies()

    await town.starts()
    await waits(town, 60)

    assert zoe.heard() == ["echo hello"]
    assert len(platform.executions) == 1


async def test_many_restarts_are_not_taken_for_a_turn_that_kills_the_host(town: World, platform: Platform) -> None:
    runs(platform, Plan(seconds=100))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    for _ in range(10):
        await town.dies()
        await town.starts()
        await town.later(seconds=5)

    await waits(town, 100)

    assert zoe.heard() == ["echo hello"]
    assert len(platform.executions) == 1


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


@pytest.mark.parametrize("status", ["queued", "pending_retry", "running", "a state of later versions"])
async def test_a_run_that_has_not_ended_is_waited_for(town: World, platform: Platform, status: str) -> None:
    runs(platform, Plan(seconds=90, status=status))
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 150)

    assert zoe.heard() == ["echo hello"]


async def test_a_failed_run_that_is_resubmitted_is_another_run(town: World, platform: Platform) -> None:
    runs(platform, Plan(ending="failed"), Plan())
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await waits(town, 10)
    (parked,) = await town.failed()

    await town.resubmits(parked.id)
    await waits(town, 10)

    assert zoe.heard() == [texts.APOLOGY, "echo hello"]
    assert len(platform.executions) == 2


async def test_a_run_that_could_not_be_asked_for_is_still_there_when_it_is_resubmitted(
    town: World, platform: Platform
) -> None:
    runs(platform, Plan(seconds=30))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    platform.fails("execution", *[Response(status_code=401)] * 9)
    await waits(town, 400)
    assert zoe.heard() == [texts.APOLOGY]
    (parked,) = await town.failed()

    await town.resubmits(parked.id)

    assert zoe.heard() == [texts.APOLOGY, "echo hello"]
    assert len(platform.executions) == 1


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


@pytest.mark.parametrize("answer", MALFORMED.values(), ids=MALFORMED)
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
    "an unknown model": ("task", lambda: busy(422, {"detail": "Unknown model: x"})),
    "a redirect": ("task", lambda: Response(status_code=307, headers={"Location": "http://other.example/"})),
    "the run is not known": ("execution", lambda: busy(404, {"detail": "Execution not found"})),
    "a redirect of the run": ("execution", lambda: Response(status_code=302, headers={"Location": "http://o.example"})),
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

    await waits(town, 25 * 3600, step=600)

    (parked,) = await town.failed()
    assert parked.cause == "late"
    assert len(platform.executions) == 1


async def test_a_platform_that_answers_when_the_run_has_ended_is_answered_from(town: World, platform: Platform) -> None:
    platform.synchronous = True
    zoe = town.person("Zoe")

    await zoe.says("hello")

    assert zoe.heard() == ["echo hello"]


# --- when the answer is not wanted any more ---


async def blocked(town: World, zoe: Person) -> None:
    await town.blocks(zoe)


async def disconnected(town: World, _: Person) -> None:
    await town.api("DELETE", "/api/agents/support/whatsapp")


async def erased(town: World, zoe: Person) -> None:
    await town.api("DELETE", f"/api/agents/support/clients/{(await town.client(zoe))['id']}")


@pytest.mark.parametrize("what", [blocked, disconnected, erased])
async def test_a_run_that_no_one_may_hear_of_is_ended(
    town: World, platform: Platform, what: Callable[[World, Person], Any]
) -> None:
    runs(platform, Plan(seconds=600))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    await town.later(seconds=2)

    await what(town, zoe)
    await waits(town, 60)

    (run,) = platform.executions
    assert run.terminated
    assert zoe.heard() == []


async def test_a_run_that_cannot_be_ended_ends_by_itself(town: World, platform: Platform) -> None:
    runs(platform, Plan(seconds=600))
    zoe = town.person("Zoe")
    await zoe.says("hello")
    platform.accounts.keys.clear()

    await blocked(town, zoe)
    await waits(town, 900, step=30)

    assert zoe.heard() == []


# --- what the agent is told ---


async def test_the_agent_is_told_that_it_talks_and_with_whom(town: World, platform: Platform) -> None:
    zoe = town.person("Zoe")
    await zoe.verifies("zoe@example.org")

    await zoe.says("hello")

    (asked,) = platform.asked()
    told = asked["system_prompt"]
    assert "conversation on a messenger, not an unattended task" in told
    facts = json.loads(told.split("\n")[1])
    assert facts["sender_email_verified"] == "zoe@example.org"


async def test_the_public_prompt_and_model_of_the_platform_count(town: World, platform: Platform) -> None:
    agent = platform.accounts.agents["support"]
    agent.prompt, agent.model = "Speak of shoes only.", "haiku"
    zoe = town.person("Zoe")
    await zoe.says("one")
    await waits(town, 5)
    agent.prompt, agent.model = "Speak of hats only.", None
    await zoe.says("two")  # within a minute what was read counts
    await waits(town, 60)
    await zoe.says("three")

    first, second, third = platform.asked()
    assert first["system_prompt"].endswith("Speak of shoes only.")
    assert first["model"] == second["model"] == "haiku"
    assert second["system_prompt"] == first["system_prompt"]
    assert third["system_prompt"].endswith("Speak of hats only.")
    assert "model" not in third


async def test_what_the_owner_has_set_here_wins(town: World, platform: Platform) -> None:
    agent = platform.accounts.agents["support"]
    agent.prompt, agent.model = "Speak of shoes only.", "haiku"
    await town.api("PUT", "/api/agents/support/public-prompt", {"public_channel_system_prompt": "Be brief."})
    await town.api("PUT", "/api/agents/support/public-channel-model", {"model": "opus"})

    await town.person("Zoe").says("hello")

    (asked,) = platform.asked()
    assert asked["system_prompt"].endswith("Be brief.")
    assert asked["model"] == "opus"


async def test_a_token_that_may_not_read_the_public_prompt_can_run_the_agent(town: World, platform: Platform) -> None:
    platform.accounts.agents["support"].prompt = "Speak of shoes only."
    platform.accounts.user("service", "service@example.org")
    platform.accounts.key("trinity_mcp_fake-key-of-the-host", "service")
    platform.accounts.share("support", "service@example.org")
    zoe = town.person("Zoe")

    await zoe.says("hello")
    await waits(town, 5)

    assert zoe.heard() == ["echo hello"]
    assert "shoes" not in platform.asked()[0]["system_prompt"]


async def test_each_agent_has_tools_of_its_own(found: Found, platform: Platform) -> None:
    town = await beside(found, platform, allowed_tools=["Read", "mcp__shop__search"])

    await town.person("Zoe").says("hello")

    assert platform.asked()[0]["allowed_tools"] == ["Read", "mcp__shop__search"]
