"""The people who wrote to an agent, wherever they did, in the order of when they last wrote."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.channels.net import Net, Someone
from tests.channels.test_groups import in_a_group
from tests.pages.clients import client_of

CLIENTS = "/api/agents/support/clients"


async def names(net: Net, query: str = "") -> list[str]:
    """Who is listed."""
    return [one["display_name"] for one in (await net.api("GET", f"{CLIENTS}{query}")).json()]


async def test_clients_of_several_channels_stand_in_one_order(net: Net) -> None:
    for channel, name in (("whatsapp", "Ann"), ("telegram", "Ben"), ("slack", "Cid"), ("whatsapp", "Dan")):
        await Someone(net, channel, name).says("hello")
        net.clock.tick(timedelta(minutes=1))

    assert await names(net) == ["Dan", "Cid", "Ben", "Ann"]
    assert await names(net, "?limit=1") == ["Dan"]


@pytest.mark.parametrize("channel", ["telegram", "slack"])
async def test_those_who_only_wrote_in_a_group_were_active_then_and_have_no_window(net: Net, channel: str) -> None:
    zoe = net.stranger(channel, "Zoe")
    ask = await in_a_group(net, channel, zoe)
    await ask("hello all")
    net.clock.tick(timedelta(minutes=5))
    await Someone(net, "whatsapp", "Yan").says("hello")

    found = (await net.api("GET", CLIENTS)).json()
    async with client_of(net) as admin:
        html = (await admin.get("/agents/support")).text

    assert [one["display_name"] for one in found] == ["Yan", "Zoe"]
    assert found[1]["last_active"] < found[0]["last_active"]
    assert html.count("No direct chat") == 1


async def test_a_person_with_many_threads_is_listed_once_by_the_newest_of_them(net: Net) -> None:
    zoe = Someone(net, "slack", "Zoe")
    for number in range(7):
        await zoe.says(f"question {number}")
    roots = [message for _, message in zoe.phone.sees() if message.text.startswith("question")]
    for root in roots:
        await zoe.phone.says("and then?", thread=root)
        await net.settle()
    await Someone(net, "telegram", "Yan").says("hello")
    await Someone(net, "whatsapp", "Xia").says("hello")
    await zoe.phone.says("thank you", thread=roots[0])
    await net.settle()

    pages, query = [], "?limit=2"
    while query:
        answer = await net.api("GET", f"{CLIENTS}{query}")
        pages.append([one["display_name"] for one in answer.json()])
        query = f"?{answer.links['next']['url'].partition('?')[2]}" if "next" in answer.links else ""

    assert len(roots) == 7
    assert pages == [["Zoe", "Xia"], ["Yan"]]
