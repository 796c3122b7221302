"""An agent that answers everyone whose e-mail is known, and a member whose e-mail the messenger vouches for."""

from __future__ import annotations

from typing import Any

from tests.channels.net import Net
from tests.channels.test_one_policy import on
from trinity_channels import texts

ZOE = "zoe@example.org"
PROMPT = on("slack", texts.LOGIN_PROMPT)
AGAIN = on("slack", texts.LOGIN_AGAIN.format(channel="Slack"))


def becomes_guest(user: Any) -> None:
    user.guest = True


async def client(net: Net) -> dict[str, Any]:
    (found,) = (await net.api("GET", "/api/agents/support/clients")).json()
    return dict(found)


async def unlinks(net: Net) -> None:
    await net.api("POST", f"/api/agents/support/clients/{(await client(net))['id']}/unlink")


async def actions(net: Net) -> list[str]:
    return [one["action"] for one in (await net.api("GET", "/api/agents/support/audit")).json()]
