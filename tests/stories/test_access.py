"""Who may chat: the access stories, told on the phone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.world import OWNER, Person, World
from trinity_channels import texts
from trinity_channels.store import conversation_state

QUESTION = "what is 6 x 7?"
ANSWER = f"echo {QUESTION}"
PENDING = texts.VERIFIED_PENDING.format(email="zoe@example.org")


Opens = Callable[[World, Person], Awaitable[None]]


async def become(world: World, person: Person, kind: str) -> None:
    """Make a stranger what the table calls them, before they ask."""
    if kind == "shared":
        await world.shares("zoe@example.org")
    if kind in {"verified", "shared", "blocked"}:
        await person.verifies("zoe@example.org")
    if kind == "owner":
        await person.verifies(OWNER)
    if kind == "blocked":
        await world.blocks(person)


# DESIGN §7, cell by cell: what the newest question is followed by.
TABLE = [
    ("open", "stranger", [ANSWER]),
    ("open", "verified", [ANSWER]),
    ("open", "shared", [ANSWER]),
    ("open", "owner", [ANSWER]),
    ("open", "blocked", []),
    ("open_until_verified", "stranger", [ANSWER]),
    ("open_until_verified", "verified", [texts.PENDING]),
    ("open_until_verified", "shared", [ANSWER]),
    ("open_until_verified", "owner", [ANSWER]),
    ("open_until_verified", "blocked", []),
    ("require_email", "stranger", [texts.LOGIN_PROMPT]),
    ("require_email", "verified", [ANSWER]),
    ("require_email", "shared", [ANSWER]),
    ("require_email", "owner", [ANSWER]),
    ("require_email", "blocked", []),
    ("require_sharing", "stranger", [texts.LOGIN_PROMPT]),
    ("require_sharing", "verified", [texts.PENDING]),
    ("require_sharing", "shared", [ANSWER]),
    ("require_sharing", "owner", [ANSWER]),
    ("require_sharing", "blocked", []),
]


@pytest.mark.parametrize(("policy", "kind", "answer"), TABLE)
async def test_the_policy_decides(world: World, policy: str, kind: str, answer: list[str]) -> None:
    zoe = world.person("Zoe")
    await world.policy("open")
    await become(world, zoe, kind)
    await world.policy(policy)
    before = len(zoe.heard())

    await zoe.says(QUESTION)

    assert zoe.heard()[before:] == answer


async def test_a_kept_question_is_answered_after_approval(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says(QUESTION)
    await zoe.verifies("zoe@example.org")

    await world.decides("zoe@example.org")

    assert zoe.heard() == [
        texts.LOGIN_PROMPT,
        texts.CODE_SENT.format(email="zoe@example.org"),
        PENDING,
        texts.APPROVED,
        ANSWER,
    ]


async def test_approval_is_told_to_somebody_who_asked_nothing_yet(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")

    await world.decides("zoe@example.org")

    assert zoe.last() == texts.APPROVED


async def test_approval_opens_every_phone_of_a_person(world: World) -> None:
    phone, tablet = world.person("Zoe"), world.person("Zoe's second phone")
    for one in (phone, tablet):
        await one.verifies("zoe@example.org")
        await one.says(f"from {one.phone.name}")

    await world.decides("zoe@example.org")

    assert [one.last() for one in (phone, tablet)] == ["echo from Zoe", "echo from Zoe's second phone"]


async def test_approval_is_told_after_a_crash(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says(QUESTION)
    await zoe.verifies("zoe@example.org")
    world.driver.pause()  # the process is about to die: what is committed now is never run

    await world.decides("zoe@example.org")
    await world.dies()
    await world.starts()

    assert zoe.heard()[-2:] == [texts.APPROVED, ANSWER]


async def test_strangers_are_prompted_once_an_hour(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("one", "two", "three")
    assert zoe.heard() == [texts.LOGIN_PROMPT]

    await world.later(minutes=59)
    await zoe.says("four")
    assert zoe.heard() == [texts.LOGIN_PROMPT]

    await world.later(minutes=1)
    await zoe.says("five")
    assert zoe.heard() == [texts.LOGIN_PROMPT] * 2


async def test_pending_is_told_once_a_day(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    before = len(zoe.heard())

    await zoe.says("one", "two")
    await world.later(hours=23)
    await zoe.says("three")
    assert zoe.heard()[before:] == []

    await world.later(hours=1)
    await zoe.says("four")
    assert zoe.heard()[before:] == [texts.PENDING]


async def test_denial_is_told_and_a_day_later_they_can_ask_again(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")

    await world.decides("zoe@example.org", approve=False)
    assert zoe.last() == texts.DENIED

    await world.later(hours=23)
    await zoe.says("please")
    assert await world.requests() == []

    await world.later(hours=1, minutes=1)
    await zoe.says("please, please")
    assert zoe.last() == texts.PENDING
    assert [one["email"] for one in await world.requests()] == ["zoe@example.org"]


async def test_asking_again_is_always_acknowledged(world: World) -> None:
    """Also where something was told within the last day: else no one knows whether they have asked."""
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await world.later(hours=20)
    await world.decides("zoe@example.org", approve=False)
    await world.later(hours=5)
    await zoe.says("why?")
    assert zoe.last() == texts.DENIED_BEFORE

    await world.later(hours=20)
    await zoe.says("may I?")

    assert zoe.last() == texts.PENDING


async def test_signing_in_again_after_a_denial_tells_where_one_stands(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await world.decides("zoe@example.org", approve=False)

    await zoe.verifies("zoe@example.org")

    assert zoe.last() == texts.VERIFIED_DENIED.format(email="zoe@example.org")


async def test_the_latest_five_messages_are_kept_and_answered_as_one_turn(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("one", "two", "three", "four", "five", "six", "seven")

    await world.policy("open")

    assert zoe.heard() == [texts.LOGIN_PROMPT, "echo three\nfour\nfive\nsix\nseven"]


async def test_kept_messages_come_before_new_ones_and_expire_after_a_week(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("too old")
    await world.later(days=6)
    await zoe.says("kept")
    await world.later(days=1, minutes=1)
    await world.policy("open")
    assert zoe.heard() == [texts.LOGIN_PROMPT] * 2  # a day later nothing may be sent

    await zoe.says("new")

    assert zoe.last() == "This answers the message of 8 March, 09:00 UTC: “kept”\n\necho kept\nnew"


async def open_by_share(world: World, _: Person) -> None:
    await world.shares("zoe@example.org")


async def open_by_approval(world: World, _: Person) -> None:
    await world.decides("zoe@example.org")


async def open_by_policy(world: World, _: Person) -> None:
    await world.policy("require_email")


async def open_by_login(world: World, person: Person) -> None:
    await world.shares("other@example.org")
    await person.verifies("other@example.org")


@pytest.mark.parametrize("opens", [open_by_share, open_by_approval, open_by_policy, open_by_login])
async def test_whatever_opens_the_gate_answers_what_was_kept_once(world: World, opens: Opens) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("one", "two")

    await opens(world, zoe)
    await world.later(hours=1)

    assert zoe.heard().count("echo one\ntwo") == 1


async def test_under_require_email_signing_in_answers_what_was_kept(world: World) -> None:
    await world.policy("require_email")
    zoe = world.person("Zoe")
    await zoe.says(QUESTION)

    await zoe.verifies("zoe@example.org")

    assert zoe.heard()[-2:] == [texts.VERIFIED.format(email="zoe@example.org"), ANSWER]


LATE = "This answers the message of 2 March, 09:00 UTC: “kept”"


@pytest.mark.parametrize(
    ("approve", "told"), [(True, [texts.APPROVED, f"{LATE}\n\necho kept\nback"]), (False, [texts.DENIED])]
)
async def test_a_decision_outside_the_window_waits_until_they_write(
    world: World, approve: bool, told: list[str]
) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("kept")
    before = len(zoe.heard())
    await world.later(hours=25)
    await world.decides("zoe@example.org", approve=approve)
    assert len(zoe.phone.heard()) == before

    await zoe.says("back")

    assert zoe.heard()[before : before + len(told)] == told


async def test_there_is_one_open_request_for_an_email(world: World) -> None:
    zoe, tablet = world.person("Zoe"), world.person("Zoe's second phone")
    await zoe.verifies("zoe@example.org")
    await tablet.verifies("ZOE@example.org")
    await zoe.says("one")
    await tablet.says("two")

    assert [one["email"] for one in await world.requests("")] == ["zoe@example.org"]


@pytest.mark.long
async def test_a_hundred_strangers_do_not_crowd_anybody_out(world: World) -> None:
    for number in range(100):
        await world.person(f"Stranger {number}").phone.says("hello")
    zoe = world.person("Zoe")

    await zoe.verifies("zoe@example.org")

    assert [one["email"] for one in await world.requests()] == ["zoe@example.org"]


async def test_a_decision_stands(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    request = (await world.requests())[0]["id"]
    path = f"/api/agents/support/access-requests/{request}/decide"
    await world.decides("zoe@example.org")

    again = await world.api("POST", path, {"approve": True})
    other = await world.api("POST", path, {"approve": False})

    assert (again.status_code, other.status_code) == (200, 409)
    assert zoe.heard().count(texts.APPROVED) == 1


async def test_what_was_denied_is_not_shared_by_approving_it_late(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    path = f"/api/agents/support/access-requests/{(await world.requests())[0]['id']}/decide"
    await world.decides("zoe@example.org", approve=False)

    late = await world.api("POST", path, {"approve": True})

    assert (late.status_code, late.json()["code"]) == (409, "already_decided")
    assert (await world.api("GET", "/api/agents/support/shares")).json() == []
    await zoe.says("am I in?")
    assert not zoe.last().startswith("echo")


async def test_of_two_decisions_at_once_one_stands(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")
    path = f"/api/agents/support/access-requests/{(await world.requests())[0]['id']}/decide"

    answers = await asyncio.gather(*(world.api("POST", path, {"approve": approve}) for approve in (True, False)))

    assert sorted(one.status_code for one in answers) == [200, 409]
    shared = [one["email"] for one in (await world.api("GET", "/api/agents/support/shares")).json()]
    status = next(one.json()["status"] for one in answers if one.status_code == 200)
    assert shared == (["zoe@example.org"] if status == "approved" else [])


async def test_people_on_two_agents_are_strangers_to_each_other(world: World) -> None:
    account = world.twilio.add_account("Sales")
    sender = world.twilio.add_sender("+16285550111", account=account)
    answer = await world.connect("sales", **world.twilio.settings(sender=sender))
    world.twilio.connect(answer.json()["webhook_url"], sender=sender)
    world.twilio.connect(await world.webhook())
    zoe = world.person("Zoe")
    await world.shares("zoe@example.org")
    await zoe.verifies("zoe@example.org")

    zoe.phone.writes_to(sender)
    await zoe.says("hello sales")

    assert zoe.last() == texts.LOGIN_PROMPT


async def test_a_gate_that_opens_while_the_channel_is_disconnected_lets_them_in_afterwards(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("hello?")
    await world.api("DELETE", "/api/agents/support/whatsapp")
    await world.policy("open")
    assert await world.host.store.read(conversation_state.with_work) == set(), "nothing to look at again and again"

    await world.connect()
    await world.driver.look_again()
    await world.settle()

    assert zoe.last() == "echo hello?"
