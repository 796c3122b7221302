"""`failed`: turns that no one answered are seen, and get another try from a running host."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.cli.conftest import Terminal
from tests.world import Agent, World
from trinity_channels import texts
from trinity_channels.agents.port import AgentFailed, AgentUnavailable


async def test_a_failed_turn_is_listed_and_answered_after_resubmission(
    terminal: Terminal, town: World, agent: Agent
) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentFailed("out of order", detail="no credits left"))
    await zoe.says("what is 6 x 7?")

    listed = await terminal.beside("failed")
    resubmitted = await terminal.beside("failed", "resubmit", "1")
    await town.driver.look_again()
    await town.settle()

    row = listed.stdout.splitlines()[1]
    assert row.split()[:4] == ["1", "support", "whatsapp", "1"]
    assert "out of order" in row
    assert f"{town.now() + timedelta(days=30):%Y-%m-%d}" in row
    assert "no credits" in listed.stdout
    assert resubmitted.exit_code == 0
    assert zoe.heard() == [texts.APOLOGY, "echo what is 6 x 7?"]
    assert "No question has failed" in (await terminal.beside("failed")).stdout


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1 question that failed is tried again"), (2, "2 questions that failed are tried again")]
)
async def test_turns_that_are_tried_again_are_mentioned(
    terminal: Terminal, town: World, agent: Agent, number: int, said: str
) -> None:
    for name in ("Zoe", "Ann")[:number]:
        agent.will_answer(AgentUnavailable("connection refused"))
        await town.person(name).says("what is 6 x 7?")

    listed = await terminal.beside("failed")

    assert (said in listed.stdout, "No question waits for a decision." in listed.stdout) == (True, True)
    assert "No question has failed" not in listed.stdout


def test_only_a_failed_turn_can_be_resubmitted(terminal: Terminal) -> None:
    result = terminal.run("failed", "resubmit", "7")

    assert result.exit_code == 1
    assert "Unknown failed question 7" in result.stderr


async def test_a_turn_that_is_given_up_is_parked_no_longer_and_its_text_is_gone(
    terminal: Terminal, town: World, agent: Agent
) -> None:
    zoe = town.person("Zoe")
    for question in ("my diary", "my letters", "my songs"):
        agent.will_answer(AgentFailed("out of order"))
        await zoe.says(question)

    unknown = await terminal.beside("failed", "forget", "1", "7")
    one = await terminal.beside("failed", "forget", "1")
    left = [one.id for one in await town.failed()]
    rest = await terminal.beside("failed", "forget", "--all")

    assert (unknown.exit_code, "Unknown failed question 7; nothing was changed" in unknown.stderr) == (1, True)
    assert (one.exit_code, left) == (0, [2, 3])
    assert (rest.exit_code, await town.failed()) == (0, [])
    assert (await town.check("agent"))["message"].startswith("No question has failed.")
    await town.stops()
    assert "my diary" not in town.everything()
    await town.starts()


@pytest.mark.parametrize("arguments", [(), ("1", "--all"), ("x",)])
def test_turns_to_give_up_are_named_or_all(terminal: Terminal, arguments: tuple[str, ...]) -> None:
    assert terminal.run("failed", "forget", *arguments).exit_code == 2


def test_to_give_up_all_of_none_is_fine(terminal: Terminal) -> None:
    assert terminal.run("failed", "forget", "--all").exit_code == 0


async def test_a_failed_turn_is_listed_and_resubmitted_while_the_settings_file_is_broken(
    terminal: Terminal, town: World, agent: Agent
) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentFailed("out of order"))
    await zoe.says("what is 6 x 7?")
    terminal.folder.joinpath("channels.toml").write_text("[agents")

    listed = await terminal.beside("failed")
    resubmitted = await terminal.beside("failed", "resubmit", "1")
    await town.driver.look_again()
    await town.settle()

    assert "out of order" in listed.stdout
    assert "unknown" in listed.stdout, "how long it is kept depends on the file"
    assert resubmitted.exit_code == 0, resubmitted.output
    assert zoe.heard()[-1] == "echo what is 6 x 7?"
