"""`failed`: turns that nobody answered are seen, and get another try from a running host."""

from __future__ import annotations

from datetime import timedelta

from tests.cli.conftest import Terminal
from tests.world import Agent, World
from trinity_channels import texts
from trinity_channels.agents.port import AgentFailed


async def test_a_failed_turn_is_listed_and_answered_after_resubmission(
    terminal: Terminal, town: World, agent: Agent
) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentFailed("out of order", detail="no credits left"))
    await zoe.says("what is 6 x 7?")

    listed = await terminal.beside("failed")
    resubmitted = await terminal.beside("failed", "resubmit", "1")
    await town.host.dispatcher._sweep()
    await town.settle()

    row = listed.stdout.splitlines()[1]
    assert row.split()[:4] == ["1", "support", "whatsapp", "1"]
    assert "out of order" in row
    assert f"{town.now() + timedelta(days=30):%Y-%m-%d}" in row
    assert "no credits" in listed.stdout
    assert resubmitted.exit_code == 0
    assert zoe.heard() == [texts.APOLOGY, "echo what is 6 x 7?"]
    assert "No turn has failed" in (await terminal.beside("failed")).stdout


def test_only_a_failed_turn_can_be_resubmitted(terminal: Terminal) -> None:
    result = terminal.run("failed", "resubmit", "7")

    assert result.exit_code == 1
    assert "There is no failed turn 7" in result.stderr
