"""Numbers change hands: what a person writes from someone else's former number is not refused."""

from __future__ import annotations

from tests.world import Agent, World
from trinity_channels import texts
from trinity_channels.api import Fault
from trinity_channels_whatsapp.simulator.signing import sign


async def writes(world: World, message: int, number: str, user_id: str | None) -> int:
    """Post one message; people known from before user ids existed have none."""
    settings = world.twilio.settings()
    url = (await world.api("GET", "/api/agents/support/whatsapp")).json()["webhook_url"]
    fields = {
        "AccountSid": settings["account_sid"],
        "Body": "hello",
        "From": f"whatsapp:{number}",
        "MessageSid": f"SM{message:032x}",
        "To": settings["from_number"],
    } | ({"ExternalUserId": f"whatsapp:{user_id}"} if user_id else {})
    signature = sign(settings["auth_token"], url, fields)
    answer = await world.http.post(url, data=fields, headers={"X-Twilio-Signature": signature})
    await world.settle()
    return answer.status_code


async def test_a_known_person_may_take_over_the_number_of_one_without_a_user_id(world: World) -> None:
    assert await writes(world, 1, "+15550000001", "US.1") == 200
    assert await writes(world, 2, "+15550000002", None) == 200

    assert await writes(world, 3, "+15550000002", "US.1") == 200


def sent_to(world: World) -> list[str]:
    """Whom the provider was asked to write to, once for every message."""
    messages = world.twilio.account.messages.newest_first()
    return sorted(one.to for one in messages if one.outbound)


async def test_a_reply_that_waits_follows_a_person_to_their_new_number(world: World) -> None:
    await world.policy("open")
    world.fails(Fault.RATE_LIMITED)
    await writes(world, 1, "+15550000001", "US.1")
    await writes(world, 2, "+15550000002", "US.1")

    await world.much_later()

    assert sent_to(world) == ["whatsapp:+15550000002"] * 2


async def test_a_reply_that_waits_is_given_up_when_the_number_was_all_that_was_known(world: World) -> None:
    await world.policy("open")
    await writes(world, 1, "+15550000001", "US.1")
    world.fails(Fault.RATE_LIMITED)
    await writes(world, 2, "+15550000002", None)
    await writes(world, 3, "+15550000002", "US.1")

    await world.much_later()

    assert sent_to(world) == ["whatsapp:+15550000001", "whatsapp:+15550000002"], "the answers to the first and the last"
    deliveries = (await world.api("GET", "/api/agents/support/deliveries?state=failed")).json()
    (lost,) = [one for one in deliveries if one["error_code"] == "no_address"]
    again = await world.api("POST", f"/api/agents/support/deliveries/{lost['id']}/resend")
    assert (again.status_code, again.json()["code"]) == (409, "no_address")


async def test_who_takes_a_username_stays_who_they_are(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe")
    await zoe.verifies("zoe@example.org")
    await zoe.says("before")

    zoe.phone.hides_number()
    await zoe.says("after")

    assert zoe.last() == "echo after"
    assert agent.turns[-1].verified_email == "zoe@example.org"
    assert agent.turns[-1].conversation == agent.turns[-2].conversation


async def test_who_gets_the_number_of_another_inherits_nothing(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe", "+12025550123")
    await zoe.verifies("zoe@example.org")
    await zoe.says("my secret is swordfish")
    town.twilio.change_number(zoe.phone, "+12025550199")
    yan = town.person("Yan", "+12025550123")

    await yan.says("/whoami", "hello")

    assert yan.heard() == [texts.NOT_LOGGED_IN, "echo hello"]
    assert (agent.turns[-1].sender_name, agent.turns[-1].verified_email) == ("Yan", None)
    assert agent.turns[-1].history == []


async def test_nothing_meant_for_the_former_holder_reaches_the_new_one(town: World) -> None:
    zoe = town.person("Zoe", "+12025550123")
    await town.shares("zoe@example.org", proactive=True)
    await zoe.verifies("zoe@example.org")
    town.twilio.change_number(zoe.phone, "+12025550199")
    yan = town.person("Yan", "+12025550123")
    await yan.says("hello")

    body = {"recipient_email": "zoe@example.org", "text": "for Zoe only", "channel": "whatsapp"}
    await town.api("POST", "/api/agents/support/messages", body)
    await town.settle()

    assert yan.heard() == ["echo hello"]


async def test_a_reply_that_waits_does_not_reach_the_new_holder_of_a_number(town: World) -> None:
    zoe = town.person("Zoe", "+12025550123")
    town.fails(Fault.RATE_LIMITED)
    await zoe.says("my secret is swordfish")
    town.twilio.change_number(zoe.phone, "+12025550199")
    yan = town.person("Yan", "+12025550123")
    await yan.phone.says("hello")

    await town.much_later()

    assert yan.heard() == ["echo hello"]


async def test_an_answer_in_the_making_does_not_reach_the_new_holder_of_a_number(town: World, agent: Agent) -> None:
    zoe = town.person("Zoe", "+12025550123")
    agent.thinks()
    await zoe.phone.says("my secret is swordfish")
    await agent.asked(1)
    town.twilio.change_number(zoe.phone, "+12025550199")
    yan = town.person("Yan", "+12025550123")
    await yan.phone.says("hello")
    await agent.asked(2)
    agent.speaks()

    await town.much_later()

    assert yan.heard() == ["echo hello"]
