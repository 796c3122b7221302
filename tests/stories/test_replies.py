"""From the agent's answer to the phone, whatever the provider does."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest

from tests.world import Agent, Found, World
from trinity_channels.api import Fault, Receipt, SendDeferred

PARAGRAPHS = [f"Paragraph {number}: " + "lorem ipsum dolor sit amet " * 20 for number in range(1, 12)]
ESSAY = "\n\n".join(paragraph.strip() for paragraph in PARAGRAPHS)


def words(text: str) -> list[str]:
    return text.split()


async def test_markdown_looks_right_on_the_phone(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(
        "# Result\n\n**6 x 7** is *42*, see [the page](https://example.org/42).\n\n```python\nprint(42)\n```"
    )

    await zoe.says("what is 6 x 7?")

    assert zoe.last() == "*Result*\n\n*6 x 7* is _42_, see the page (https://example.org/42).\n\n```\nprint(42)\n```"


async def test_a_long_answer_comes_in_parts_in_order_and_whole(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(ESSAY)

    await zoe.says("tell me")
    await town.much_later()

    assert len(zoe.heard()) > 2
    assert all(len(part) <= 1600 for part in zoe.heard())
    assert words(" ".join(zoe.heard())) == words(ESSAY)


async def test_messages_that_may_be_billed_are_counted_by_origin(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer(ESSAY)
    await zoe.says("/whoami", "tell me")
    await town.much_later()

    metrics = (await town.api("GET", "/metrics")).text

    counted = 'trinity_channels_service_messages_total{{channel="whatsapp",origin="{}"}} {}.0\n'
    assert counted.format("notice", 1) in metrics
    assert counted.format("agent", len(zoe.heard()) - 1) in metrics


async def test_a_part_waits_for_the_receipt_of_the_one_before(town: World, agent: Agent) -> None:
    town.twilio.behaviour.receipts = False
    zoe = town.person("Zoe")
    agent.will_answer(ESSAY)
    await zoe.says("tell me")
    assert len(zoe.heard()) == 1

    await town.later(seconds=2)
    assert len(zoe.heard()) == 1

    await town.later(seconds=1)
    assert len(zoe.heard()) == 2


async def test_a_new_answer_waits_behind_the_parts_of_the_last(town: World, agent: Agent) -> None:
    town.twilio.behaviour.receipts = False
    zoe = town.person("Zoe")
    agent.will_answer(ESSAY, "done")
    await zoe.says("tell me")
    await zoe.says("and then?")

    await town.much_later()

    assert zoe.last() == "done"
    assert words(" ".join(zoe.heard()[:-1])) == words(ESSAY)


MISHAPS = [
    Fault.RATE_LIMITED,
    Fault.SERVER_ERROR,
    Fault.HTML_ERROR,
    Fault.CUT_BEFORE,
    Fault.CUT_AFTER,
    Fault.SLOW,
]


@pytest.mark.parametrize("receipts", [True, False])
@pytest.mark.parametrize("times", [1, 3])
@pytest.mark.parametrize("mishap", MISHAPS)
async def test_whatever_the_provider_does_the_answer_arrives_once(
    town: World, mishap: Fault, times: int, receipts: bool
) -> None:
    town.twilio.behaviour.receipts = receipts
    zoe = town.person("Zoe")
    town.fails(mishap, times)

    await zoe.says("hello")
    await town.much_later()

    assert zoe.heard() == ["echo hello"]


@pytest.mark.parametrize("mishap", MISHAPS)
async def test_a_mishap_in_the_middle_keeps_the_parts_in_order(town: World, agent: Agent, mishap: Fault) -> None:
    zoe = town.person("Zoe")
    await zoe.says("hello")
    agent.will_answer(ESSAY)
    town.twilio.behaviour.receipts = False
    await zoe.says("tell me")
    town.fails(mishap)

    await town.much_later()

    assert words(" ".join(zoe.heard()[1:])) == words(ESSAY)


async def test_the_same_answer_twice_is_sent_twice_also_after_a_cut(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    agent.will_answer("yes", "yes", "yes")
    await zoe.says("first?")
    town.twilio.behaviour.receipts = False
    town.fails(Fault.CUT_BEFORE)
    await zoe.says("second?")
    await town.much_later()
    town.fails(Fault.CUT_AFTER)
    await zoe.says("third?")
    await town.much_later()

    assert zoe.heard() == ["yes", "yes", "yes"]


async def test_a_pause_that_the_provider_asks_for_is_kept(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.RATE_LIMITED)
    await zoe.says("hello")
    await town.later(seconds=0.5)
    assert zoe.heard() == []

    await town.later(seconds=0.6)

    assert zoe.heard() == ["echo hello"]


async def test_a_provider_that_asks_for_no_pause_is_not_hurried(town: World, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = town.host.plugins["whatsapp"]
    send = plugin.send
    answers = deque([SendDeferred("busy", retry_after=0)] * 3)

    async def busy(*args: Any) -> Receipt:
        if answers:
            raise answers.popleft()
        return await send(*args)

    monkeypatch.setattr(plugin, "send", busy)
    zoe = town.person("Zoe")
    await zoe.says("hello")
    assert len(answers) == 2

    await town.much_later()

    assert zoe.heard() == ["echo hello"]


async def test_a_clock_that_is_set_back_holds_up_no_reply(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.RATE_LIMITED)
    await zoe.says("hello")

    await town.later(hours=-3)

    assert zoe.heard() == ["echo hello"]


async def test_refused_credentials_are_the_owners_business(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)

    await zoe.says("hello")
    await town.much_later()

    assert zoe.heard() == []
    check = await town.check("outbound")
    assert check["state"] == "failed"
    assert "Copy the Auth Token again" in check["message"]
    assert "Copy the Auth Token again" in (await town.binding())["warning"]


async def test_a_success_clears_the_warning(town: World) -> None:
    zoe = town.person("Zoe")
    town.fails(Fault.UNAUTHORIZED)
    await zoe.says("hello")

    await zoe.says("again")

    assert (await town.check("outbound"))["state"] == "ok"
    assert zoe.heard() == ["echo again"]


@pytest.mark.parametrize(
    "behaviour",
    [
        {"duplicate_callbacks": True},
        {"reverse_callbacks": True},
        {"callbacks_before_answer": True},
        {"callbacks_before_answer": True, "reverse_callbacks": True, "duplicate_callbacks": True},
        {"duplicate_webhooks": True},
    ],
)
async def test_receipts_in_any_order_and_number_change_nothing(
    town: World, agent: Agent, behaviour: dict[str, bool]
) -> None:
    for name, value in behaviour.items():
        setattr(town.twilio.behaviour, name, value)
    zoe = town.person("Zoe")
    await town.shares("zoe@example.org", proactive=True)
    await zoe.verifies("zoe@example.org")
    agent.will_answer(ESSAY)

    await zoe.says("tell me")
    await town.much_later()
    body = {"recipient_email": "zoe@example.org", "text": "news", "channel": "whatsapp"}
    sent = (await town.api("POST", "/api/agents/support/messages", body)).json()
    await town.settle()
    status = await town.api("GET", f"/api/agents/support/messages/{sent['message_id']}")

    assert words(" ".join(zoe.heard()[2:-1])) == words(ESSAY)
    assert (zoe.last(), status.json()["status"]) == ("news", "read")


async def test_a_message_that_whatsapp_gives_up_for_a_passing_reason_is_sent_again(town: World) -> None:
    zoe = town.person("Zoe")
    zoe.phone.refuse_with = 63018
    await zoe.says("hello")
    assert zoe.heard() == []
    zoe.phone.refuse_with = None

    await town.much_later()

    assert zoe.heard() == ["echo hello"]


async def test_a_late_receipt_of_the_attempt_that_failed_does_not_end_the_next(town: World) -> None:
    zoe = town.person("Zoe")
    zoe.phone.refuse_with = 63018
    await zoe.says("hello")
    zoe.phone.refuse_with = None
    failed = next(one for one in town.twilio.account.messages.newest_first() if one.outbound)
    assert failed.status_callback

    await town.posts(failed.status_callback, town.inbound() | {"MessageSid": failed.sid, "MessageStatus": "sent"})
    await town.much_later()

    assert zoe.heard() == ["echo hello"]


async def test_what_follows_a_part_that_fails_later_is_given_up(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    zoe.phone.refuse_with = 63024
    agent.will_answer(ESSAY)
    await zoe.says("tell me")
    zoe.phone.refuse_with = None

    await town.much_later()

    assert zoe.heard() == []
    assert {one["state"] for one in (await town.api("GET", "/api/agents/support/deliveries")).json()} == {"failed"}


async def test_a_message_that_whatsapp_never_takes_is_not_retried_indefinitely(town: World) -> None:
    zoe = town.person("Zoe")
    zoe.phone.refuse_with = 63018
    await zoe.says("hello")

    for _ in range(10):
        await town.later(minutes=5)

    assert len(zoe.phone.heard()) <= 4


async def sandbox(found: Found, agent: Agent) -> World:
    """An agent behind Twilio's shared test number."""
    world = await found(agents=agent, connected=False)
    answer = await world.connect(**world.twilio.settings(sandbox=True))
    assert answer.json()["is_sandbox"] is True
    await world.policy("open")
    return world


async def test_the_sandbox_is_written_to_at_its_pace(found: Found, agent: Agent) -> None:
    world = await sandbox(found, agent)
    zoe = world.person("Zoe")
    await zoe.phone.joins_sandbox()
    agent.will_answer(ESSAY, "second")
    await zoe.says("tell me")
    await zoe.says("more")

    await world.much_later()

    assert zoe.last() == "second"
    assert [one.ticks for one in zoe.phone.heard() if one.ticks < 0] == []


async def test_the_pace_of_the_sandbox_is_shared_by_everybody(found: Found, agent: Agent) -> None:
    world = await sandbox(found, agent)
    crowd = [world.person(f"Tester {number}") for number in range(4)]
    for one in crowd:
        await one.phone.joins_sandbox()
    for one in crowd:
        await one.says("hello")

    await world.much_later()

    assert [one.last() for one in crowd] == ["echo hello"] * 4
    assert [one.ticks for person in crowd for one in person.phone.heard() if one.ticks < 0] == []
