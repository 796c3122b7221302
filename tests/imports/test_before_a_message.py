"""What was written to the platform has not arrived here: nothing looks tried before a message comes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.channels.net import Net, Someone
from tests.cli.conftest import Terminal
from tests.imports.platform import binding, contact, document, moved
from tests.pages.clients import client_of

OPEN = [{"agent": "support", "require_email": False, "open_access": True}]


async def _seen(net: Net, channel: str) -> tuple[dict[str, str], str, object, bool]:
    """The states of the checks, the health, when a message last came, and whether the set-up has heard one."""
    shown = (await net.api("GET", f"/api/agents/support/{channel}")).json()
    steps = (await net.api("GET", "/api/setup")).json()["steps"]
    answer = next(one for one in steps if one["code"] == "first_answer")
    states = {one["code"]: one["state"] for one in shown["health"]["checks"]}
    return states, shown["health"]["state"], shown["health"]["last_inbound_at"], "was not answered" in answer["message"]


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "slack"])
@pytest.mark.parametrize("recent", [False, True])
async def test_no_message_has_arrived_until_one_has(
    terminal: Terminal, served: Net, channel: str, *, recent: bool
) -> None:
    zoe = Someone(served, channel, "Zoe")
    last: dict[str, Any] = {"last_active": served.now().isoformat()} if recent else {}
    await moved(terminal, document(binding(served, channel, contact(served, channel, "Zoe", **last)), policies=OPEN))

    states, state, last_at, heard = await _seen(served, channel)
    async with client_of(served) as browser:
        page = await browser.get(f"/agents/support/channels/{channel}", follow_redirects=True)
    if channel == "slack":  # its simulator has to be told the address
        shown = (await served.api("GET", "/api/agents/support/slack")).json()
        served.simulators["slack"].connect(shown["webhook_url"])
    served.clock.tick(60)
    await zoe.says("hello")
    after, _, now_at, _ = await _seen(served, channel)

    assert (states["inbound"], states["webhook_path"], state, last_at, heard) == (
        "unknown",
        "unknown",
        "waiting",
        None,
        False,
    )
    assert "messages get through" not in page.text
    assert "Connected. No message has arrived yet." in page.text
    assert (after["inbound"], after["webhook_path"]) == ("ok", "ok")
    assert now_at is not None


async def test_people_who_are_added_later_prove_nothing_either(terminal: Terminal, served: Net) -> None:
    await moved(terminal, document(binding(served, "telegram")))
    served.clock.tick(3600)
    # They wrote to the platform while its channel was still in use.
    later = contact(served, "telegram", "Zoe", last_active=served.now().isoformat())

    again = await moved(terminal, document(binding(served, "telegram", later)))
    states, _, last_at, _ = await _seen(served, "telegram")

    assert "1 person added" in again.stdout
    assert (states["inbound"], last_at) == ("unknown", None)
