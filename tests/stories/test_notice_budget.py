"""What the host says of its own accord costs money, and is bounded: by person, while they are strangers, and by binding."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.world import Agent, Found, World
from trinity_channels import texts
from trinity_channels.agents.port import AgentFailed

ZOE = "zoe@example.org"
EVERYTHING = (
    "hello",
    "/help",
    "/human",
    "/whoami",
    "/logout",
    "/login",
    "/login nobody",
    "/login a@example.org b@example.org",
    "/login stranger@example.org",
    "/login 123456",
    "123456",
    "STOP",
    "START",
    "!help",
    "help",
)


@pytest.fixture
async def host(found: Found) -> World:
    """A host with the budget of four that a stranger has by default."""
    return await found(trinity_channels_notices_per_contact=4)


def withheld(world: World, limit: str) -> float:
    """How many notices the metrics say were withheld."""
    return world.host.metrics.value("notices_withheld_total", channel="whatsapp", limit=limit)


@pytest.mark.long
async def test_a_stranger_cannot_make_the_host_send_more_than_four_messages_an_hour(host: World) -> None:
    mallory = host.person("Mallory")

    for _ in range(12):
        await mallory.says(*EVERYTHING)
        await host.later(minutes=4)

    assert len(mallory.heard()) == 4


@pytest.mark.parametrize("text", EVERYTHING)
async def test_neither_can_they_with_any_single_thing(host: World, text: str) -> None:
    mallory = host.person("Mallory")

    for _ in range(6):
        await mallory.says(text, text)
        await host.later(minutes=2)

    assert len(mallory.heard()) <= 4


async def test_the_last_message_before_the_silence_announces_it(host: World) -> None:
    zoe = host.person("Zoe")

    await zoe.says("hello", "/login zoe", *["/whoami"] * 4)

    assert zoe.heard() == [
        texts.LOGIN_PROMPT,
        texts.BAD_EMAIL,
        texts.NOT_LOGGED_IN,
        f"{texts.NOT_LOGGED_IN}\n{texts.LAST_NOTICE}",
    ]


async def test_an_hour_later_the_host_speaks_again(host: World) -> None:
    mallory = host.person("Mallory")
    await mallory.says(*["/whoami"] * 6)
    await host.later(minutes=59)
    await mallory.says("/help")
    assert len(mallory.heard()) == 4

    await host.later(minutes=2)
    await mallory.says("/whoami")

    assert mallory.heard()[4:] == [texts.NOT_LOGGED_IN]


async def test_a_prompt_that_was_withheld_is_given_when_there_is_budget_again(host: World) -> None:
    zoe = host.person("Zoe")
    await zoe.says(*["/whoami"] * 4, "hello")
    assert texts.LOGIN_PROMPT not in zoe.heard()

    await host.later(minutes=61)
    await zoe.says("hello?")

    assert zoe.last() == texts.LOGIN_PROMPT


async def test_the_budget_holds_across_a_restart(host: World) -> None:
    mallory = host.person("Mallory")
    await mallory.says(*["/whoami"] * 3)
    await host.stops()
    await host.starts()

    await mallory.says(*["/whoami"] * 3)

    assert len(mallory.heard()) == 4


async def test_many_strangers_have_one_budget_together(found: Found) -> None:
    host = await found(trinity_channels_notices_per_contact=4, trinity_channels_notices_per_binding=20)
    crowd = [host.person(f"Stranger {number}") for number in range(10)]

    for one in crowd:
        await one.says(*EVERYTHING[:6])

    assert sum(len(one.heard()) for one in crowd) == 20
    assert withheld(host, "binding") == 30
    assert withheld(host, "contact") == 10


async def test_each_binding_has_its_own_budget(found: Found) -> None:
    host = await found(trinity_channels_notices_per_binding=2)
    await host.person("Mallory").says(*["/whoami"] * 3)
    sender = host.twilio.add_sender("+16285550111", account=host.twilio.add_account("Sales"))
    answer = await host.connect("sales", **host.twilio.settings(sender=sender))
    host.twilio.connect(answer.json()["webhook_url"], sender=sender)
    zoe = host.person("Zoe", sender=sender)

    await zoe.says("/whoami")

    assert zoe.heard() == [texts.NOT_LOGGED_IN]


async def test_signing_in_fits_into_the_budget(host: World) -> None:
    zoe = host.person("Zoe")
    await zoe.says("hello", "/login zoe")
    await zoe.verifies(ZOE)

    assert zoe.heard()[2:] == [texts.CODE_SENT.format(email=ZOE), texts.VERIFIED_PENDING.format(email=ZOE)]


async def test_a_code_is_accepted_from_a_stranger_whose_budget_is_used_up(host: World) -> None:
    await host.shares(ZOE)
    zoe = host.person("Zoe")
    await zoe.says("hello", *["/whoami"] * 4, f"/login {ZOE}")
    assert len(zoe.heard()) == 4

    await zoe.says(host.code(ZOE))

    assert zoe.heard()[4:] == [texts.VERIFIED.format(email=ZOE), "echo hello"]


async def test_people_with_a_verified_email_are_bounded_by_the_binding_only(host: World) -> None:
    await host.shares(ZOE)
    zoe = host.person("Zoe")
    await zoe.verifies(ZOE)

    await zoe.says(*["/whoami"] * 10)

    assert [text.partition("\n")[0] for text in zoe.heard()[2:]] == [texts.WHOAMI.format(email=ZOE)] * 10


@pytest.mark.long
async def test_nobody_with_a_verified_email_uses_up_the_budget_of_the_others(host: World) -> None:
    mallory, zoe = host.person("Mallory"), host.person("Zoe")
    await mallory.verifies("mallory@example.org")
    for _ in range(9):
        await mallory.says(*["/whoami"] * 25)
        await host.later(minutes=1)

    await zoe.says("hello")

    assert len(mallory.heard()) == 20
    assert zoe.heard() == [texts.LOGIN_PROMPT]
    assert withheld(host, "conversation") > 0
    check = await host.check("host_messages")
    assert check["state"] == "ok"
    assert "More than 20 messages of the host were called for in one conversation" in check["message"]


async def test_signing_out_is_confirmed_and_does_not_open_a_new_budget(host: World) -> None:
    await host.shares(ZOE)
    zoe = host.person("Zoe")
    await zoe.says(*["/whoami"] * 3)
    await zoe.verifies(ZOE)
    heard = len(zoe.heard())

    await zoe.says("/logout", *["/whoami"] * 5)

    assert zoe.heard()[heard:] == [texts.LOGGED_OUT]
    assert (await host.client(zoe))["verified_email"] is None


async def test_without_a_word_a_code_signs_in_and_the_agent_answers(found: Found) -> None:
    host = await found(trinity_channels_notices_per_binding=3)
    await host.shares(ZOE)
    zoe = host.person("Zoe")
    await host.person("Mallory").says(*["/whoami"] * 5)
    await zoe.says("hello", f"/login {ZOE}")
    assert zoe.heard() == []

    await zoe.says(f"/login {host.code(ZOE)}")
    await zoe.says("are you there?")

    assert zoe.heard() == ["echo hello", "echo are you there?"]


async def test_a_person_who_signed_in_without_a_word_is_told_later_that_the_owner_was_asked(found: Found) -> None:
    host = await found(trinity_channels_notices_per_binding=3)
    zoe = host.person("Zoe")
    await host.person("Mallory").says(*["/whoami"] * 5)
    await zoe.verifies(ZOE)
    assert zoe.heard() == []
    assert [one["email"] for one in await host.requests()] == [ZOE]

    await host.later(minutes=61)
    await zoe.says("hello?")

    assert zoe.heard() == [texts.PENDING]


async def test_a_decision_that_could_not_be_told_is_told_later(found: Found) -> None:
    host = await found(trinity_channels_notices_per_binding=3)
    zoe = host.person("Zoe")
    await zoe.verifies(ZOE)
    await zoe.says("hello")
    await host.person("Mallory").says(*["/whoami"] * 5)

    await host.decides(ZOE)
    assert zoe.last() == "echo hello"
    assert texts.APPROVED not in zoe.heard()
    await host.later(minutes=61)
    await zoe.says("and now?")

    assert zoe.heard()[-2:] == [texts.APPROVED, "echo and now?"]


async def test_an_agent_that_fails_apologises_to_a_stranger_four_times_an_hour(found: Found, agent: Agent) -> None:
    town = await found(agents=agent, trinity_channels_notices_per_contact=4)
    await town.policy("open")
    agent.will_answer(*[AgentFailed("broken")] * 8)
    mallory = town.person("Mallory")

    for text in (*map(str, range(8)), "are you well?"):
        await mallory.says(text)

    assert mallory.heard() == [
        *[texts.APOLOGY] * 3,
        f"{texts.APOLOGY}\n{texts.LAST_NOTICE}",
        "echo are you well?",
    ]


async def test_a_clock_that_is_set_back_does_not_silence_the_host(host: World) -> None:
    zoe = host.person("Zoe")
    await zoe.says(*["/whoami"] * 5)

    await host.later(days=-1)
    await zoe.says("/whoami")

    assert len(zoe.heard()) == 5


async def test_the_owner_sees_that_the_budget_of_the_binding_is_used_up(found: Found) -> None:
    host = await found(trinity_channels_notices_per_binding=3)
    with capture_logs() as logged:
        await host.person("Mallory").says(*["/whoami"] * 6)

    assert (await host.check("host_messages"))["state"] == "warning"
    assert (
        "More than 3 messages of the host were called for in an hour." in (await host.check("host_messages"))["message"]
    )
    assert (await host.binding())["health"]["state"] == "attention"
    assert withheld(host, "binding") == 3
    assert [one["limit"] for one in logged if one["event"] == "notice withheld"] == ["binding"]

    await host.later(days=1, minutes=1)
    assert (await host.check("host_messages"))["state"] == "ok"


async def test_a_single_stranger_is_told_of_and_does_not_turn_the_light_red(host: World) -> None:
    with capture_logs() as logged:
        await host.person("Mallory").says(*["/whoami"] * 6)

    check = await host.check("host_messages")
    assert check["state"] == "ok"
    assert "A person without a verified e-mail caused more than 4 messages" in check["message"]
    assert withheld(host, "contact") == 2
    assert [one["limit"] for one in logged if one["event"] == "notice withheld"] == ["contact"]
