"""An e-mail that the messenger vouches for: withdrawn with the voucher, and not given back to those who signed out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from tests.channels.net import Net, Someone
from tests.channels.vouching import AGAIN, PROMPT, ZOE, actions, becomes_guest, client
from tests.world import Agent
from trinity_channels import texts
from trinity_channels.agents.port import AgentUnavailable

SLACK = "http://slack.simulator"


def is_removed(user: Any) -> None:
    user.deleted = True


def is_a_stranger(user: Any) -> None:
    user.stranger = True


def has_unconfirmed(user: Any) -> None:
    user.email_confirmed = False


def has_no_address(user: Any) -> None:
    user.email = ""


def has_an_odd_address(user: Any) -> None:
    user.email = "not an address"


ENDS = [becomes_guest, is_removed, is_a_stranger, has_unconfirmed, has_no_address, has_an_odd_address]
ended = pytest.mark.parametrize("change", ENDS, ids=lambda one: one.__name__)


# --- the provider withdraws ---


@ended
async def test_an_email_ends_when_the_messenger_no_longer_vouches(
    asking: Net, zoe: Someone, change: Callable[[Any], None]
) -> None:
    await zoe.says("hello")
    change(zoe.phone.user)
    await asking.later(hours=1)

    await zoe.says("and now?")

    removed = change is is_removed  # Slack shows them nothing any more
    assert zoe.heard() == ["echo hello", *([] if removed else [PROMPT])]
    assert (await client(asking))["verified_email"] is None
    assert "email_withdrawn" in await actions(asking)


@ended
async def test_it_ends_while_they_are_silent(asking: Net, zoe: Someone, change: Callable[[Any], None]) -> None:
    await zoe.says("hello")
    change(zoe.phone.user)

    await asking.later(hours=25)

    assert (await client(asking))["verified_email"] is None


@ended
async def test_it_ends_in_groups_too(asking: Net, zoe: Someone, agent: Agent, change: Callable[[Any], None]) -> None:
    await zoe.says("hello")
    change(zoe.phone.user)
    await asking.later(hours=1)

    await zoe.phone.mentions("and here?", channel="team")
    await asking.settle()

    assert len(agent.turns) == 1


@ended
async def test_an_agent_no_longer_writes_first_to_them(
    asking: Net, zoe: Someone, change: Callable[[Any], None]
) -> None:
    await asking.shares(ZOE, proactive=True)
    await zoe.says("hello")
    change(zoe.phone.user)
    await asking.later(hours=25)

    body = {"recipient_email": ZOE, "text": "for members only", "channel": "slack"}
    answer = await asking.api("POST", "/api/agents/support/messages", body)

    assert (answer.status_code, answer.json()["code"]) == (404, "recipient_not_linked")


async def test_an_email_that_changes_there_changes_here(asking: Net, zoe: Someone) -> None:
    await zoe.says("hello")
    zoe.phone.user.email = "zoe.new@example.org"
    await asking.later(hours=1)

    await zoe.says("!whoami")

    assert zoe.heard()[-1].startswith(texts.WHOAMI.format(email="zoe.new@example.org"))


async def test_what_is_shared_with_the_former_address_is_closed(asking: Net, zoe: Someone) -> None:
    await asking.policy("require_sharing")
    await asking.shares(ZOE)
    await zoe.says("hello")
    zoe.phone.user.email = "zoe.new@example.org"
    await asking.later(hours=1)

    await zoe.says("and now?")

    assert zoe.heard() == ["echo hello", texts.PENDING]


async def test_a_question_that_is_tried_again_goes_through_the_gate(asking: Net, zoe: Someone, agent: Agent) -> None:
    agent.will_answer(AgentUnavailable("later", retry_after=240))
    await zoe.says("hello")
    becomes_guest(zoe.phone.user)
    asking.clock.tick(3600)

    await asking.later(seconds=1)

    assert zoe.heard() == [PROMPT]
    assert len(agent.turns) == 1


@contextmanager
def slack_answers(net: Net, answer: Callable[[httpx.Request], httpx.Response]) -> Iterator[None]:
    """Put something in Slack's place."""
    slack, net.network.at[SLACK] = net.network.at[SLACK], httpx.MockTransport(answer)
    try:
        yield
    finally:
        net.network.at[SLACK] = slack


def is_down(request: httpx.Request) -> httpx.Response:
    return httpx.Response(503, request=request)


def is_unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route", request=request)


def makes_no_sense(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"ok": True, "user": []}, request=request)


OUTAGES = pytest.mark.parametrize("outage", [is_down, is_unreachable, makes_no_sense])


@OUTAGES
async def test_an_outage_withdraws_nothing(
    asking: Net, zoe: Someone, outage: Callable[[httpx.Request], httpx.Response]
) -> None:
    await zoe.says("hello")
    becomes_guest(zoe.phone.user)
    with slack_answers(asking, outage):
        await asking.later(hours=25)

    assert (await client(asking))["verified_email"] == ZOE


async def test_it_is_asked_again_an_hour_after_an_outage(asking: Net, zoe: Someone) -> None:
    await zoe.says("hello")
    becomes_guest(zoe.phone.user)
    with slack_answers(asking, is_down):
        await asking.later(hours=25)
    await asking.later(minutes=30)
    before = (await client(asking))["verified_email"]

    await asking.later(minutes=31)

    assert (before, (await client(asking))["verified_email"]) == (ZOE, None)


async def test_an_account_that_does_not_answer_is_asked_once_in_a_round(asking: Net) -> None:
    people = [Someone(asking, "slack", name) for name in ("Zoe", "Yan", "Xia", "Wim")]
    for one in people:
        await one.says("hello")
    asked: list[str] = []

    def counts(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return is_down(request)

    asking.clock.tick(25 * 3600)
    with slack_answers(asking, counts):
        await asking.driver.do("verified e-mails")

    assert [path.rpartition("/")[2] for path in asked] == ["users.info"]


async def test_who_is_unlinked_while_the_messenger_is_asked_stays_unlinked(asking: Net, zoe: Someone) -> None:
    await zoe.says("hello")
    slack = httpx.ASGITransport(asking.simulators["slack"].app)
    identity = (await client(asking))["id"]

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("users.info"):
                await asking.api("POST", f"/api/agents/support/clients/{identity}/unlink")
            return await slack.handle_async_request(request)

    asking.network.at[SLACK] = Slow()
    await asking.later(hours=2)
    await zoe.says("are you there?")

    assert zoe.heard() == ["echo hello", AGAIN]


@pytest.mark.parametrize(("guest", "left"), [(True, None), (False, ZOE)])
async def test_an_email_whose_source_is_not_on_record_rests_on_the_messenger(
    asking: Net, zoe: Someone, guest: bool, left: str | None
) -> None:
    await zoe.says("hello")
    # as an earlier version left it
    asking.change("UPDATE trinity_channels_contact SET email_source = NULL, email_checked_at = NULL")
    zoe.phone.user.guest = guest
    await asking.later(hours=2)

    await zoe.says("and now?")

    assert (await client(asking))["verified_email"] == left


async def test_who_signed_in_with_a_code_keeps_their_address(asking: Net) -> None:
    guest = asking.stranger("slack", "Guest")
    await guest.verifies("guest@example.com")
    await asking.later(hours=25)

    await guest.says("hello")

    assert guest.heard()[-1] == "echo hello"
    assert (await client(asking))["verified_email_source"] == "code"


async def test_an_own_sign_in_is_not_replaced_by_the_messenger(asking: Net, zoe: Someone) -> None:
    await zoe.says("hello")
    await zoe.verifies("private@example.com")
    await asking.later(hours=2)

    await zoe.says("!whoami")

    assert zoe.heard()[-1].startswith(texts.WHOAMI.format(email="private@example.com"))


async def test_a_restored_member_is_vouched_for_again(asking: Net, zoe: Someone) -> None:
    await zoe.says("hello")
    zoe.phone.user.guest = True
    await asking.later(hours=1)
    await zoe.says("one")
    zoe.phone.user.guest = False
    await asking.later(hours=1)

    await zoe.says("two")

    assert zoe.heard()[-1].endswith("echo one\ntwo")
    assert (await client(asking))["verified_email"] == ZOE
