"""The same binding API on every messenger."""

from __future__ import annotations

from tests.channels.net import Net
from trinity_channels.api import Fault


async def test_an_account_belongs_to_one_agent(net: Net, channel: str) -> None:
    answer = await net.api("PUT", f"/api/agents/sales/{channel}", dict(net.simulators[channel].settings()))

    assert (answer.status_code, answer.json()["code"]) == (409, "account_in_use")
    assert (await net.api("GET", f"/api/agents/sales/{channel}")).json()["configured"] is False


async def test_status_tells_everything_but_the_secrets(net: Net, channel: str) -> None:
    answer = await net.api("GET", f"/api/agents/support/{channel}")

    shown = answer.json()
    assert (shown["configured"], shown["channel"], shown["health"]["state"]) == (True, channel, "waiting")
    assert f"/api/{channel}/webhook/" in shown["webhook_url"]
    secret = [value for name, value in net.simulators[channel].settings().items() if name.endswith(("token", "secret"))]
    assert not [value for value in secret if value in answer.text]


async def test_verifying_writes_to_nobody(net: Net, channel: str) -> None:
    await net.policy("open")
    zoe = net.stranger(channel, "Zoe")
    await zoe.says("hello")

    answer = await net.api("POST", f"/api/agents/support/{channel}/test", {})

    assert answer.json()["ok"] is True
    assert zoe.heard() == ["echo hello"]


async def test_a_test_message_arrives(net: Net, channel: str) -> None:
    await net.policy("open")
    zoe = net.stranger(channel, "Zoe")
    await zoe.says("hello")
    field = net.host.plugins[channel].manifest.address.field

    answer = await net.api("POST", f"/api/agents/support/{channel}/test", {field: zoe.phone.address, "message": "test"})
    await net.settle()

    assert answer.json()["ok"] is True, answer.text
    assert zoe.heard()[-1] == "test"


async def test_disconnecting_ends_the_conversation_and_keeps_people(net: Net, channel: str) -> None:
    await net.policy("open")
    zoe = net.stranger(channel, "Zoe")
    await zoe.says("hello")

    answer = await net.api("DELETE", f"/api/agents/support/{channel}")
    await zoe.says("are you there?")

    assert answer.json()["ok"] is True
    assert zoe.heard() == ["echo hello"]
    assert len((await net.api("GET", "/api/agents/support/clients")).json()) == 1


async def test_an_answer_is_heard_once_whatever_happens_to_the_connection(net: Net, channel: str) -> None:
    await net.policy("open")
    zoe = net.stranger(channel, "Zoe")
    net.simulators[channel].inject(Fault.CUT_AFTER)

    await zoe.says("hello")
    await net.much_later()

    assert zoe.heard() == ["echo hello"]
