"""Everything about one person as a file, where they also wrote in a group."""

from __future__ import annotations

from typing import Any

from tests.channels.net import Net


async def test_of_a_group_a_person_is_given_what_they_wrote(net: Net) -> None:
    await net.api("PUT", "/api/agents/support/access-policy", {"policy": "open"})
    zoe, yan = net.stranger("telegram", "Zoe"), net.stranger("telegram", "Yan")
    simulator: Any = net.simulators["telegram"]
    group: Any = await simulator.group("Team", zoe.phone, yan.phone)
    for person in (zoe, yan):
        await person.verifies(f"{person.phone.name.lower()}@example.org")
        await person.phone.mentions(f"from {person.phone.name}", group)
        await net.settle()
    clients = (await net.api("GET", "/api/agents/support/clients")).json()
    client = next(one["id"] for one in clients if one["display_name"] == "Zoe")

    found = (await net.api("GET", f"/api/agents/support/clients/{client}/export")).text

    assert "from Zoe" in found
    assert "from Yan" not in found
