"""People who were erased here are left out of an import, so that neither the erasure nor a STOP is undone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.channels.net import Net, Someone
from tests.cli.conftest import Terminal
from tests.imports.platform import ZOE, binding, contact, document, moved

OPEN = [{"agent": "support", "require_email": True, "open_access": True}]
SHARED = [{"agent": "support", "email": ZOE, "allow_proactive": True}]


async def clients(net: Net) -> list[dict[str, Any]]:
    """The people of the agent."""
    found: list[dict[str, Any]] = (await net.api("GET", "/api/agents/support/clients")).json()
    return found


async def erase(net: Net) -> None:
    """Erase the only person."""
    (client,) = await clients(net)
    answer = await net.api("DELETE", f"/api/agents/support/clients/{client['id']}")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("channel", ["whatsapp", "telegram", "slack"])
@pytest.mark.parametrize("before", ["nothing", "a message", "STOP", "a block", "a disconnect"])
async def test_who_was_erased_stays_erased_and_is_not_written_to(
    terminal: Terminal, served: Net, channel: str, before: str
) -> None:
    zoe = Someone(served, channel, "Zoe")
    given = document(
        binding(served, channel, contact(served, channel, "Zoe", last_active=served.now().isoformat())),
        policies=OPEN,
        shares=SHARED,
    )
    await moved(terminal, given)
    if before in {"a message", "STOP"}:
        await zoe.says("STOP" if before == "STOP" else "hello")
    if before == "a block":
        (client,) = await clients(served)
        await served.api("PUT", f"/api/agents/support/clients/{client['id']}/block", {"blocked": True})
    await erase(served)
    if before == "a disconnect":
        await served.api("DELETE", f"/api/agents/support/{channel}")
    heard = zoe.heard()

    again = await moved(terminal, given)
    sent = await served.api(
        "POST", "/api/agents/support/messages", {"recipient_email": ZOE, "text": "news", "channel": channel}
    )
    await served.settle()

    assert again.exit_code == 0, again.stderr
    assert "0 signed in; 1 left out because" in again.stdout.replace("0 of them ", "0 ")
    assert await clients(served) == []
    assert sent.status_code == 404, sent.text
    assert zoe.heard() == heard


async def test_others_come_and_a_dry_run_says_who_would_not(terminal: Terminal, served: Net) -> None:
    people = [contact(served, "telegram", name, f"{name}@example.org") for name in ("zoe", "yan")]
    await moved(terminal, document(binding(served, "telegram", people[0])))
    await erase(served)
    given = document(binding(served, "telegram", *people))

    tried = await moved(terminal, given, "--dry-run")
    done = await moved(terminal, given)

    assert [one["display_name"] for one in await clients(served)] == ["yan"]
    for one in (tried, done):
        assert "1 of them signed in; 1 left out because they were erased here." in one.stdout


async def test_who_writes_again_is_a_new_person(terminal: Terminal, served: Net) -> None:
    zoe = Someone(served, "telegram", "Zoe")
    given = document(binding(served, "telegram", contact(served, "telegram", "Zoe")), policies=OPEN)
    await moved(terminal, given)
    await erase(served)
    await moved(terminal, given)

    await zoe.says("hello")
    again = await moved(terminal, given)

    (client,) = await clients(served)
    assert "0 people added, 0 of them signed in; 1 already here." in again.stdout
    assert client["verified_email"] is None
    assert "/login" in zoe.heard()[-1]


async def test_nothing_that_can_be_read_stays_of_them(terminal: Terminal, served: Net) -> None:
    given = document(binding(served, "whatsapp", contact(served, "whatsapp", "Zoe")))
    await moved(terminal, given)
    await erase(served)
    await moved(terminal, given)

    stored = served.everything()

    assert given["bindings"][0]["contacts"][0]["address"] not in stored
    assert ZOE not in stored
