"""Numbers change hands: what a person writes from somebody else's former number is not refused."""

from __future__ import annotations

from tests.world import World
from trinity_channels.api import Fault
from trinity_channels_whatsapp.simulator.signing import sign


async def writes(world: World, sid: str, number: str, user_id: str | None) -> int:
    """Post one message; people known from before user ids existed have none."""
    settings = world.twilio.settings()
    url = (await world.api("GET", "/api/agents/support/whatsapp")).json()["webhook_url"]
    fields = {
        "AccountSid": settings["account_sid"],
        "Body": "hello",
        "From": f"whatsapp:{number}",
        "MessageSid": sid,
        "To": settings["from_number"],
    } | ({"ExternalUserId": f"whatsapp:{user_id}"} if user_id else {})
    signature = sign(settings["auth_token"], url, fields)
    answer = await world.http.post(url, data=fields, headers={"X-Twilio-Signature": signature})
    await world.settle()
    return answer.status_code


async def test_a_known_person_may_take_over_the_number_of_one_without_a_user_id(world: World) -> None:
    assert await writes(world, "SM1", "+15550000001", "US.1") == 200
    assert await writes(world, "SM2", "+15550000002", None) == 200

    assert await writes(world, "SM3", "+15550000002", "US.1") == 200


def sent_to(world: World) -> list[str]:
    """Whom the provider was asked to write to, once for every message."""
    messages = world.twilio.account.messages.newest_first()
    return sorted(one.to for one in messages if one.outbound)


async def test_a_reply_that_waits_follows_a_person_to_their_new_number(world: World) -> None:
    await world.policy("open")
    world.fails(Fault.RATE_LIMITED)
    await writes(world, "SM1", "+15550000001", "US.1")
    await writes(world, "SM2", "+15550000002", "US.1")

    await world.much_later()

    assert sent_to(world) == ["whatsapp:+15550000002"] * 2


async def test_a_reply_that_waits_is_given_up_when_the_number_was_all_that_was_known(world: World) -> None:
    await world.policy("open")
    await writes(world, "SM1", "+15550000001", "US.1")
    world.fails(Fault.RATE_LIMITED)
    await writes(world, "SM2", "+15550000002", None)
    await writes(world, "SM3", "+15550000002", "US.1")

    await world.much_later()

    assert sent_to(world) == ["whatsapp:+15550000001", "whatsapp:+15550000002"], "the answers to SM1 and SM3"
    deliveries = (await world.api("GET", "/api/agents/support/deliveries?state=failed")).json()
    assert "no_address" in [one["error_code"] for one in deliveries]
