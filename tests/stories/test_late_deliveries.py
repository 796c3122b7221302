"""What was said in time and could not be sent: hours later it says so, a day later the owner decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from tests.world import Agent, Person, World
from trinity_channels.api import Fault, OutboundMessage

LATE = "This was written on 2 March, 09:00 UTC and could not be sent earlier."


async def said_and_not_sent(town: World, zoe: Person, text: str = "hello") -> None:
    """The provider puts the answer off, and then the host ends."""
    town.fails(Fault.RATE_LIMITED)
    await zoe.says(text)
    assert zoe.heard() == []
    await town.dies()


async def after(town: World, **time: float) -> None:
    """The host comes back."""
    town.clock.tick(timedelta(**time))
    await town.starts()
    await town.much_later()


async def deliveries(town: World, state: str = "failed") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await town.api("GET", f"/api/agents/support/deliveries?state={state}")).json()
    return found


@pytest.mark.parametrize(("minutes", "heard"), [(50, "echo hello"), (65, f"{LATE}\n\necho hello")])
async def test_an_answer_that_comes_out_an_hour_late_says_when_it_was_written(
    town: World, minutes: int, heard: str
) -> None:
    zoe = town.person("Zoe")
    await said_and_not_sent(town, zoe)

    await after(town, minutes=minutes)

    assert zoe.heard() == [heard]


async def test_of_several_parts_only_the_first_says_so(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("word " * 200 + "\n\n" + "word " * 250)
    await said_and_not_sent(town, zoe)

    await after(town, hours=5)

    assert [LATE in part for part in zoe.heard()] == [True, False]
    assert sum(part.count("word") for part in zoe.heard()) == 450


async def test_a_full_message_goes_out_as_it_is(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("x" * 1590)
    await said_and_not_sent(town, zoe)

    await after(town, hours=5)

    assert zoe.heard() == ["x" * 1590]


async def test_what_the_host_itself_says_needs_no_explanation(town: World) -> None:
    zoe = town.person("Zoe")
    await said_and_not_sent(town, zoe, "/whoami")

    await after(town, hours=5)

    assert [LATE in text for text in zoe.heard()] == [False]


async def test_an_attempt_is_asked_about_in_the_words_it_was_made_with(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt was in time and the question comes late, then the same for an attempt that was late itself."""
    town.twilio.behaviour.receipts = False
    zoe = town.person("Zoe")
    asked: list[OutboundMessage] = []

    def watch() -> None:
        plugin = town.host.plugins["whatsapp"]
        find_sent = plugin.find_sent

        async def watched(binding: Any, message: OutboundMessage, *more: Any) -> Any:
            asked.append(message)
            return await find_sent(binding, message, *more)

        monkeypatch.setattr(plugin, "find_sent", watched)

    town.fails(Fault.CUT_BEFORE)
    await zoe.says("hello")
    await town.dies()
    town.fails(Fault.CUT_AFTER)
    town.clock.tick(timedelta(hours=2))
    town.build()
    watch()
    await town.host.start()
    await town.much_later()

    assert [message.text for message in asked] == ["echo hello", f"{LATE}\n\necho hello"]
    assert zoe.heard() == [f"{LATE}\n\necho hello"]


async def test_an_answer_that_waited_a_day_is_parked_with_its_reason(town: World) -> None:
    zoe = town.person("Zoe")
    await said_and_not_sent(town, zoe)

    await after(town, hours=24)

    assert zoe.heard() == []
    (parked,) = await deliveries(town)
    assert (parked["error_code"], parked["error"]) == (
        "too_late",
        "It waited for more than 24 hours, so it is left to the owner to send it.",
    )


async def test_health_names_it_and_how_it_is_sent_all_the_same(town: World) -> None:
    await said_and_not_sent(town, town.person("Zoe"))

    await after(town, hours=24)

    check = await town.check("outbound")
    assert check["state"] == "failed"
    assert check["message"].startswith("A message was not sent: It waited for more than 24 hours")
    assert "trinity-channels deliveries resend --failed --agent support" in check["commands"]


async def test_so_is_the_rest_of_one_of_which_a_part_was_sent(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("word " * 900)
    town.twilio.behaviour.receipts = False
    await zoe.says("hello")
    assert len(zoe.heard()) == 1
    await town.dies()

    await after(town, hours=30)

    assert len(zoe.heard()) == 1
    assert [one["error_code"] for one in await deliveries(town)] == ["too_late", "too_late"]


async def test_many_make_no_flood(town: World) -> None:
    people = [town.person(f"Person {number}") for number in range(5)]
    for one in people:
        await one.says("before")
    town.fails(Fault.RATE_LIMITED, 5)
    for one in people:
        await one.says("hello")
    await town.dies()

    await after(town, hours=25)

    assert [one.heard() for one in people] == [["echo before"]] * 5


async def test_the_owner_may_send_it_all_the_same(town: World) -> None:
    zoe = town.person("Zoe")
    await said_and_not_sent(town, zoe)
    await after(town, hours=25)
    await zoe.says("are you there?")
    (parked,) = await deliveries(town)

    answer = await town.api("POST", f"/api/agents/support/deliveries/{parked['id']}/resend")
    await town.much_later()

    assert answer.status_code == 200, answer.text
    assert zoe.heard() == ["echo are you there?", f"{LATE}\n\necho hello"]
    assert await deliveries(town) == []


async def test_a_host_with_the_wrong_key_for_days_sends_nothing_afterwards(town: World) -> None:
    """Each minute in which the secrets could not be read put the message off; it is no younger for that."""
    zoe = town.person("Zoe")
    await said_and_not_sent(town, zoe)
    right = town.settings
    town.settings = right.model_copy(update={"credential_encryption_key": SecretStr("11" * 32)})
    await town.starts()
    for _ in range(5):
        await town.later(hours=6)
    await town.stops()
    town.settings = right

    await after(town, minutes=1)

    assert zoe.heard() == []
    assert [one["error_code"] for one in await deliveries(town)] == ["too_late"]
