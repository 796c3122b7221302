"""Numbers change hands: what a person writes from somebody else's former number is not refused."""

from __future__ import annotations

from tests.world import World
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
