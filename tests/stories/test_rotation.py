"""A webhook address that is replaced: messages that still come to the old one, and how long they may."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.transactions import Transactions
from tests.world import PUBLIC, Agent, World, said
from trinity_channels.bindings.reseal import reseal
from trinity_channels.settings import Settings

PATH = "/api/agents/support/whatsapp"


async def rotate(world: World) -> str:
    """The new address."""
    url: str = (await world.api("POST", f"{PATH}/rotate-webhook")).json()["webhook_url"]
    return url


def sid(number: int) -> str:
    return f"SM{number:032x}"


async def arrives(world: World, url: str, number: int, text: str = "hello") -> httpx.Response:
    return await world.posts(url, world.inbound(text, sid(number)))


async def test_the_old_address_works_until_the_new_one_is_used(town: World, agent: Agent) -> None:
    old = await town.webhook()
    new = await rotate(town)
    assert new != old

    answers = [
        (await arrives(town, old, 1, "one")).status_code,
        (await arrives(town, old, 2, "two")).status_code,
        (await arrives(town, new, 3, "three")).status_code,
        (await arrives(town, old, 4, "four")).status_code,
        (await arrives(town, new, 5, "five")).status_code,
    ]

    assert answers == [200, 200, 200, 410, 200]
    assert [said(turn) for turn in agent.turns] == ["one", "two", "three", "five"]


async def test_the_old_address_works_for_a_day_at_most(town: World, agent: Agent) -> None:
    old = await town.webhook()
    await rotate(town)

    await town.later(hours=23, minutes=59)
    in_time = await arrives(town, old, 1)
    await town.later(minutes=1)
    late = await arrives(town, old, 2)

    assert (in_time.status_code, late.status_code, len(agent.turns)) == (200, 410, 1)
    assert late.json()["code"] == "webhook_retired"


async def test_a_receipt_at_the_new_address_is_no_use_of_it(town: World) -> None:
    """It comes to the address that the message was sent with, whatever the owner has entered in the console."""
    zoe = town.person("Zoe")
    await zoe.says("before")
    old = await town.webhook()
    await rotate(town)

    await zoe.says("one")  # Twilio still has the old address, and reports on the answer at the new one
    await zoe.says("two")

    assert zoe.heard() == ["echo before", "echo one", "echo two"]
    assert (await town.api("GET", "/api/agents/support/deliveries")).json()[0]["state"] == "read"
    assert (await arrives(town, old, 1)).status_code == 200


async def test_a_receipt_of_a_message_from_before_the_rotation_still_counts(town: World) -> None:
    town.twilio.behaviour.receipts = False
    zoe = town.person("Zoe")
    await zoe.says("hello")
    sent = next(one for one in town.twilio.account.messages.newest_first() if one.outbound)
    await rotate(town)

    form = {"AccountSid": sent.account_sid, "MessageSid": sent.sid, "MessageStatus": "delivered"}
    assert sent.status_callback
    answer = await town.posts(sent.status_callback, form)

    assert answer.status_code == 200
    assert (await town.api("GET", "/api/agents/support/deliveries")).json()[0]["state"] == "delivered"


@pytest.mark.parametrize("key", ["test", "unknown", "a" * 43])
async def test_an_unknown_key_is_still_acknowledged(town: World, key: str) -> None:
    await rotate(town)

    assert (await town.http.post(f"{PUBLIC}/api/whatsapp/webhook/{key}")).status_code == 200


async def test_two_rotations_leave_three_addresses_that_work(town: World, agent: Agent) -> None:
    first = await town.webhook()
    second = await rotate(town)
    third = await rotate(town)

    before = [(await arrives(town, url, number)).status_code for number, url in enumerate((first, second), 1)]
    await arrives(town, third, 3)
    after = [(await arrives(town, url, number)).status_code for number, url in enumerate((first, second, third), 4)]

    assert (before, after, len(agent.turns)) == ([200, 200], [410, 410, 200], 4)


async def test_what_was_replaced_is_known_after_a_restart(town: World, agent: Agent) -> None:
    old = await town.webhook()
    new = await rotate(town)
    await town.stops()
    await town.starts()

    working = (await arrives(town, old, 1)).status_code
    await arrives(town, new, 2)
    await town.stops()
    await town.starts()
    gone = (await arrives(town, old, 3)).status_code

    assert (working, gone, len(agent.turns)) == (200, 410, 2)


async def test_a_bad_signature_is_refused_at_the_old_address_as_well(town: World, agent: Agent) -> None:
    old = await town.webhook()
    await rotate(town)

    answer = await town.posts(old, town.inbound(), token="0" * 32)

    assert (answer.status_code, agent.turns) == (403, [])


# --- what the owner is told ---


async def test_health_waits_for_the_new_address(town: World) -> None:
    await town.person("Zoe").says("before")
    new = await rotate(town)

    waiting = await town.check("webhook_address")
    state = (await town.binding())["health"]["state"]
    await arrives(town, new, 1)

    assert (waiting["state"], state) == ("unknown", "waiting")
    assert "no message has come to the new one yet" in waiting["message"]
    assert "2026-03-03 09:00 UTC" in waiting["message"]
    assert "enter the webhook URL shown here" in waiting["fix"]
    assert (await town.check("webhook_address"))["state"] == "ok"


async def ended(town: World) -> str:
    """An address that does not work any more."""
    old = await town.webhook()
    await arrives(town, await rotate(town), 1)
    return old


async def test_a_message_to_a_retired_address_is_named_in_health_and_log(
    town: World, caplog: pytest.LogCaptureFixture
) -> None:
    old = await ended(town)

    await arrives(town, old, 2)

    check = await town.check("webhook_address")
    assert (check["state"], (await town.binding())["health"]["state"]) == ("warning", "attention")
    assert "webhook address that has been replaced, at 2026-03-02 09:00 UTC" in check["message"]
    assert "enter the webhook URL shown here" in check["fix"]
    assert "message to a retired webhook address" in caplog.text
    assert "enter the present webhook URL at the provider" in caplog.text
    assert old.rpartition("/")[2] not in caplog.text


async def test_a_day_without_another_clears_it(town: World) -> None:
    old = await ended(town)
    await arrives(town, old, 2)

    await town.later(hours=25)

    assert (await town.check("webhook_address"))["state"] == "ok"


async def unsigned(town: World, old: str) -> None:
    answer = await town.http.post(old, data=town.inbound())
    assert answer.status_code == 410


async def with_another_token(town: World, old: str) -> None:
    assert (await town.posts(old, town.inbound(), token="0" * 32)).status_code == 410


async def a_receipt(town: World, old: str) -> None:
    form = {"AccountSid": town.twilio.account.sid, "MessageSid": sid(7), "MessageStatus": "read"}
    assert (await town.posts(old, form)).status_code == 410


async def nothing_at_all(town: World, old: str) -> None:
    assert (await town.http.get(old)).status_code == 410


async def impossible(town: World, old: str) -> None:
    assert (await town.posts(old, {**town.inbound(), "From": "nobody"})).status_code == 410


@pytest.mark.parametrize("what", [unsigned, with_another_token, a_receipt, nothing_at_all, impossible])
async def test_what_is_no_message_of_the_provider_raises_no_alarm(town: World, what: Any) -> None:
    old = await ended(town)

    await what(town, old)

    assert (await town.check("webhook_address"))["state"] == "ok"
    assert (await town.check("signature"))["state"] == "ok"


async def test_a_flood_at_a_retired_address_is_written_down_once_a_minute(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = await ended(town)
    transactions = Transactions(monkeypatch)

    for number in range(20):
        await arrives(town, old, 10 + number)

    assert len(transactions.writes) == 1


async def test_retired_addresses_are_counted(town: World) -> None:
    await arrives(town, await ended(town), 2)

    assert 'outcome="retired"} 1.0' in town.host.metrics.render().decode()


# --- disconnected, reconnected, re-encrypted ---


async def test_a_disconnected_agent_has_neither_address(town: World, agent: Agent) -> None:
    old = await town.webhook()
    new = await rotate(town)
    await town.api("DELETE", PATH)

    answers = [(await arrives(town, url, number)).status_code for number, url in enumerate((old, new), 1)]

    assert (answers, agent.turns) == ([200, 200], []), "acknowledged and ignored, as any unknown key"


async def test_connected_again_it_goes_on_where_it_was(town: World, agent: Agent) -> None:
    gone = await ended(town)
    old = await town.webhook()
    new = await rotate(town)
    await town.api("DELETE", PATH)
    await town.connect()

    answers = [(await arrives(town, url, number)).status_code for number, url in enumerate((gone, old, new), 5)]

    assert await town.webhook() == new
    assert answers == [410, 200, 200]
    assert len(agent.turns) == 3


async def test_changing_a_setting_clears_what_was_told(town: World) -> None:
    await arrives(town, await ended(town), 2)

    await town.connect()

    assert (await town.check("webhook_address"))["state"] == "ok"


async def test_a_new_encryption_key_opens_old_addresses_too(town: World, agent: Agent) -> None:
    old = await town.webhook()
    await rotate(town)
    await town.stops()
    keys = f"{'22' * 32},{'00' * 32}"
    settings = town.settings.model_dump(by_alias=True)
    town.settings = Settings.load(**(settings | {"credential_encryption_key": keys}))
    town.build()
    town.host.store.open()
    changed = await reseal(town.host.store, town.host.bindings.secrets)
    await town.host.store.close()
    town.settings = Settings.load(**(settings | {"credential_encryption_key": "22" * 32}))

    await town.starts()

    assert changed == 3, "the token, the present webhook key, the old one"
    assert ((await arrives(town, old, 1)).status_code, len(agent.turns)) == (200, 1)


async def test_an_address_whose_encryption_key_is_lost_is_gone(town: World) -> None:
    old = await town.webhook()
    await town.stops()
    settings = town.settings.model_dump(by_alias=True)
    town.settings = Settings.load(**(settings | {"credential_encryption_key": "11" * 32}))
    await town.starts()
    await town.connect()

    answer = await town.posts(old, town.inbound())

    assert (answer.status_code, answer.json()["code"]) == (410, "webhook_retired")
    assert (await town.check("webhook_address"))["state"] == "warning"


async def test_no_key_lies_in_the_database_in_clear(town: World) -> None:
    old = await town.webhook()
    await rotate(town)
    await town.stops()

    stored = town.everything()
    await town.starts()

    assert "retired_key" in stored
    assert old.rpartition("/")[2] not in stored
