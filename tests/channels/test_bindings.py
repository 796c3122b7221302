"""The same binding API on every messenger."""

from __future__ import annotations

from typing import Any

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


async def test_status_tells_of_the_account_what_the_plugin_shows(net: Net) -> None:
    shown = (await net.api("GET", "/api/agents/support/telegram")).json()
    elsewhere = (await net.api("GET", "/api/agents/sales/telegram")).json()

    telegram: Any = net.simulators["telegram"]
    bot = telegram.bot
    assert (shown["bot_username"], shown["bot_id"]) == (bot.username, str(bot.id))
    assert shown["bot_link"] == f"https://t.me/{bot.username}"
    fields = ("bot_username", "bot_id", "bot_link", "group_count")
    assert [elsewhere[name] for name in fields] == [None, None, None, 0]


async def test_groups_are_counted_once_whatever_their_topics(net: Net) -> None:
    telegram: Any = net.simulators["telegram"]
    zoe, yan = net.stranger("telegram", "Zoe"), net.stranger("slack", "Yan")
    forum = await telegram.group("Forum", zoe.phone, forum=True)
    topics = [telegram.topic(forum, name) for name in ("News", "Help")]
    team = await telegram.group("Team", zoe.phone)

    for group, topic in ((forum, None), *((forum, one) for one in topics), (team, None)):
        await zoe.phone.mentions("status?", group, topic=topic)
    await zoe.says("hello")
    for channel in ("general", "general", "random"):
        await yan.phone.mentions("status?", channel=channel)
    await net.settle()

    counts = [(await net.api("GET", f"/api/agents/support/{name}")).json()["group_count"] for name in net.simulators]
    assert dict(zip(net.simulators, counts, strict=True)) == {"whatsapp": None, "telegram": 2, "slack": 2}


async def test_verifying_writes_to_nobody(net: Net, channel: str) -> None:
    await net.policy("open")
    zoe = net.stranger(channel, "Zoe")
    await zoe.says("hello")

    answer = await net.api("POST", f"/api/agents/support/{channel}/test", {})

    assert answer.json()["ok"] is True
    assert zoe.heard() == ["echo hello"]


async def test_a_message_without_an_address_verifies(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    field = net.host.plugins[channel].manifest.address.field

    answer = await net.api("POST", f"/api/agents/support/{channel}/test", {"message": "hello"})
    await net.settle()

    assert answer.json()["ok"] is True
    assert f"because {field} is missing" in answer.json()["message"]
    assert zoe.heard() == []


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


async def test_a_rotation_loses_nothing_and_ends_the_old_address(net: Net, channel: str) -> None:
    await net.policy("open")
    zoe = net.stranger(channel, "Zoe")
    path = f"/api/agents/support/{channel}"
    old = (await net.api("GET", path)).json()["webhook_url"]

    new = (await net.api("POST", f"{path}/rotate-webhook")).json()["webhook_url"]
    await zoe.says("before the console is changed")
    net.simulators[channel].connect(new)
    await zoe.says("after it")

    assert zoe.heard() == ["echo before the console is changed", "echo after it"]
    assert (await net.http.post(old)).status_code == 410


async def test_a_secret_that_goes_with_the_old_address_is_still_good_there(net: Net) -> None:
    """Telegram repeats the secret with which the address was registered: an update may be on its way."""
    await net.policy("open")
    zoe = net.stranger("telegram", "Zoe")
    await zoe.says("hello")
    path = "/api/agents/support/telegram"
    old = (await net.api("GET", path)).json()["webhook_url"]
    bound = await net.host.bindings.by_key("telegram", old.rpartition("/")[2])
    assert bound is not None
    await net.api("POST", f"{path}/rotate-webhook")
    sender = {"id": 777, "is_bot": False, "first_name": "Yan"}
    message = {
        "message_id": 1,
        "date": 1772442000,
        "chat": {"id": 777, "type": "private"},
        "from": sender,
        "text": "hi",
    }
    header = "X-Telegram-Bot-Api-Secret-Token"

    answers = [
        await net.http.post(old, json={"update_id": 9_000_001, "message": message}, headers={header: secret})
        for secret in (bound.binding.webhook_secret.get_secret_value(), "another")
    ]

    assert [one.status_code for one in answers] == [200, 403]
