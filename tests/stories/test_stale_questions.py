"""Questions that are a day old are left to the owner, and no one gets a flood of answers after an outage."""

from __future__ import annotations

from datetime import timedelta

from tests.cli.conftest import Terminal, terminal  # noqa: F401  a fixture
from tests.world import Agent, Found, Person, World, said
from trinity_channels import texts
from trinity_channels.agents.port import AgentFailed, AgentUnavailable

QUESTION = "what is 6 x 7?"
LATE = f"This answers the message of 2 March, 09:00 UTC: “{QUESTION}”"
STALE = "the question waited for more than 24 hours; resubmit it if it is still to be answered"


async def down(town: World, **time: float) -> None:
    """The host is down, and comes back."""
    await town.dies()
    town.clock.tick(timedelta(**time))
    await town.starts()
    await town.much_later()


async def asks_and_the_host_dies(town: World, agent: Agent, zoe: Person) -> None:
    """A question is with the agent when the host ends."""
    agent.thinks()
    await zoe.phone.says(QUESTION)
    await agent.asked(1)
    await town.dies()
    agent.speaks()


async def test_a_day_old_question_is_parked_and_not_given_to_the_agent(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await asks_and_the_host_dies(town, agent, zoe)
    town.clock.tick(timedelta(hours=24))

    await town.starts()

    assert len(agent.turns) == 1, "not again"
    assert zoe.heard() == []
    assert [one.reason for one in await town.failed()] == [STALE]


async def test_one_that_no_turn_had_taken_up_is_parked_too(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    town.driver.pause()  # the process is about to die: what is stored now is never run
    await zoe.phone.says(QUESTION)

    await down(town, hours=25)

    assert agent.turns == []
    assert [one.reason for one in await town.failed()] == [STALE]


async def test_an_answer_that_took_a_day_is_not_sent(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.thinks()
    await zoe.phone.says(QUESTION)
    await agent.asked(1)
    town.clock.tick(timedelta(hours=25))
    agent.speaks()
    await town.settle()

    assert zoe.heard() == []
    assert [one.reason for one in await town.failed()] == [STALE]


async def test_many_stale_messages_make_no_flood(town: World, agent: Agent) -> None:
    people = [town.person(f"Person {number}") for number in range(4)]
    for one in people:
        await one.says("before")
    agent.thinks()
    for number, one in enumerate(people, start=1):
        await one.phone.says("first")
        await agent.asked(len(people) + number)
        for text in ("second", "/whoami", "third", "/help", "fourth"):
            await one.phone.says(text)
    await town.dies()
    agent.speaks()
    town.clock.tick(timedelta(hours=30))

    await town.starts()
    await town.much_later()

    assert [one.heard() for one in people] == [["echo before"]] * 4
    assert {one.reason for one in await town.failed()} == {STALE}


async def test_what_was_written_after_it_is_answered_by_itself(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    town.driver.pause()
    await zoe.phone.says(QUESTION)
    town.clock.tick(timedelta(hours=25))
    await zoe.phone.says("are you there?")
    await town.dies()

    await town.starts()

    assert [said(turn) for turn in agent.turns] == ["are you there?"]
    assert zoe.heard() == ["echo are you there?"]
    assert [one.messages for one in await town.failed()] == [1]


async def test_a_question_that_grows_stale_while_the_agent_is_away_is_parked(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentUnavailable("down", retry_after=200))
    await zoe.says(QUESTION)

    await town.later(hours=24)

    assert len(agent.turns) == 1
    assert [one.reason for one in await town.failed()] == [STALE]


async def test_a_turn_that_killed_the_host_and_is_stale_gets_no_apology_for_dying(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.says("before")
    agent.thinks()
    await zoe.phone.says(QUESTION)
    for times in (2, 3, 4):
        await agent.asked(times)
        await town.dies()
        town.build()
        if times < 4:
            await town.host.start()
    town.clock.tick(timedelta(days=2))
    await town.host.start()
    await town.settle()

    assert zoe.heard() == ["echo before"]


async def test_a_person_who_was_blocked_hears_nothing(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.says("before")
    await town.blocks(zoe)
    town.driver.pause()
    await zoe.phone.says(QUESTION)

    await down(town, hours=25)

    assert zoe.heard() == ["echo before"]
    assert await town.failed() == []


# --- commands and the gate ---


async def test_a_day_old_login_mails_no_code(town: World) -> None:
    zoe = town.person("Zoe")
    town.driver.pause()
    await zoe.phone.says("/login zoe@example.org")

    await down(town, hours=25)

    assert not town.mails.mails
    assert zoe.heard() == []


async def test_a_day_old_stop_still_counts(town: World) -> None:
    zoe = town.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await town.shares("zoe@example.org", proactive=True)
    heard = len(zoe.heard())
    town.driver.pause()
    await zoe.phone.says("STOP")
    await down(town, hours=25)

    body = {"recipient_email": "zoe@example.org", "text": "hi", "channel": "whatsapp"}
    answer = await town.api("POST", "/api/agents/support/messages", body)

    assert answer.json()["code"] == "not_opted_in"
    assert len(zoe.heard()) == heard


async def test_a_stranger_is_asked_to_sign_in_when_they_write_again_and_then_answered(world: World) -> None:
    zoe = world.person("Zoe")
    world.driver.pause()
    await zoe.phone.says(QUESTION)
    await down(world, hours=25)
    assert zoe.heard() == []

    await zoe.says("hello?")
    assert zoe.heard() == [texts.LOGIN_PROMPT]
    await world.shares("zoe@example.org")
    await zoe.verifies("zoe@example.org")

    assert zoe.last() == f"{LATE}\n\necho {QUESTION}\nhello?"
    assert await world.failed() == []


async def test_who_waits_to_be_let_in_is_told_when_they_write_again(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    heard = len(zoe.heard())
    world.driver.pause()
    await zoe.phone.says(QUESTION)
    await down(world, hours=25)
    assert len(zoe.heard()) == heard

    await zoe.says("hello?")

    assert zoe.last() == texts.PENDING


async def test_a_kept_question_is_answered_however_long_the_owner_took(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says(QUESTION)
    await world.later(hours=20)
    await zoe.says("hello?")  # which keeps the reply window open
    await world.later(hours=20)

    await world.decides("zoe@example.org")

    assert zoe.last() == f"{LATE}\n\necho {QUESTION}\nhello?"


# --- the owner decides ---


async def test_a_stale_question_that_is_resubmitted_is_answered_with_the_sentence(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await asks_and_the_host_dies(town, agent, zoe)
    await down(town, hours=25)
    await zoe.says("are you there?")
    (parked,) = await town.failed()

    await town.resubmits(parked.id)

    assert zoe.heard() == ["echo are you there?", f"{LATE}\n\necho {QUESTION}"]
    assert await town.failed() == []


async def test_outside_the_reply_window_it_stays_parked_and_no_agent_runs(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await asks_and_the_host_dies(town, agent, zoe)
    await down(town, hours=25)
    (parked,) = await town.failed()

    await town.resubmits(parked.id)

    (again,) = await town.failed()
    assert again.reason == (
        "the reply window of WhatsApp (Twilio) closed at 2026-03-03 09:00 UTC; "
        "resubmit the turn when the person has written again"
    )
    assert zoe.heard() == []
    assert len(agent.turns) == 1


async def test_the_command_line_says_so_at_once(
    town: World,
    agent: Agent,
    terminal: Terminal,  # noqa: F811  the fixture
) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(AgentFailed("out of order"))
    await zoe.says(QUESTION)
    await town.later(hours=25)

    terminal.set(TRINITY_CHANNELS_DATABASE_URL=town.settings.database_url.get_secret_value())
    result = await terminal.beside("failed", "resubmit", "1")

    assert result.exit_code == 1
    assert "cannot be answered: the reply window of WhatsApp (Twilio) closed at 2026-03-03 09:00 UTC" in result.stderr
    assert len(await town.failed()) == 1


async def test_the_limits_are_settings(found: Found, agent: Agent) -> None:
    town = await found(agents=agent, trinity_channels_late_after_hours=0.5, trinity_channels_park_after_hours=2)
    await town.policy("open")
    zoe, yan = town.person("Zoe"), town.person("Yan")
    agent.thinks()
    await zoe.phone.says(QUESTION)
    await agent.asked(1)
    town.clock.tick(timedelta(minutes=90))
    await yan.phone.says(QUESTION)
    await agent.asked(2)
    town.clock.tick(timedelta(minutes=30))
    agent.speaks()
    await town.settle()

    sorry = texts.TOO_LATE.format(when="2 March, 09:00 UTC", words=QUESTION)
    assert zoe.heard() == [sorry]
    assert yan.heard() == [f"This answers the message of 2 March, 10:30 UTC: “{QUESTION}”\n\necho {QUESTION}"]
    assert [one.reason for one in await town.failed()] == [STALE.replace("24", "2")]
