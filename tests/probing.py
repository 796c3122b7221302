"""Asks the host for a probe of its way in, and reads what it found."""

from __future__ import annotations

from typing import Any

from tests.world import ADMIN, World

INSIDE = "http://chat.example.org"
"""Reaches the host whatever stands in front of its public address."""
PROBE = "/api/settings/public_chat_url/probe"


async def probe(world: World, method: str = "POST") -> Any:
    """Probe the public address, or show what the newest probe found; the one channel's answer."""
    headers = {"Authorization": f"Bearer {ADMIN}"}
    answer = await world.http.request(method, f"{INSIDE}{PROBE}", headers=headers)
    assert answer.status_code == 200, answer.text
    (found,) = answer.json()
    return found


def failed(found: Any) -> tuple[str, str, str]:
    """The leg that failed, with its cause and its fix."""
    states = [one["state"] for one in found["checks"]]
    assert found["works"] is False
    assert states.count("failed") == 1
    at = states.index("failed")
    assert set(states[at + 1 :]) <= {"unknown"}
    assert found["checks"][at]["fix"]
    return tuple(found["checks"][at][name] for name in ("code", "message", "fix"))
