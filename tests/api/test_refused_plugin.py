"""A channel that is refused at load is shown with its reason wherever an operator looks, and stops nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points

import pytest

from tests.world import LOCAL, World
from trinity_channels.plugins import load

CLAIM = "the channel 'whatsapp' is provided by "


@dataclass(frozen=True)
class Rival:
    """The metadata of another distribution."""

    name: str = "fake-takeover"
    version: str = "9.9"


@pytest.mark.alone("readiness is the application's to tell")
async def test_a_claimed_channel_is_shown_with_both_names(world: World) -> None:
    rival = EntryPoint("whatsapp", "trinity_channels_slack.plugin", "trinity_channels")
    vars(rival)["dist"] = Rival()
    world.plugins = lambda: load([*entry_points(group="trinity_channels"), rival])
    webhook = await world.webhook()
    await world.stops()
    await world.starts()

    channels = [one for one in (await world.api("GET", "/api/channels")).json() if one["name"] == "whatsapp"]
    ready = (await world.http.get(f"{LOCAL}/readyz")).json()["plugins"]
    agents = (await world.api("GET", "/api/agents")).json()
    delivered = await world.http.post(webhook)

    assert [(one["available"], one["version"]) for one in channels] == [(False, "0.1.0"), (False, "9.9")]
    for reason in (*(one["reason"] for one in channels), ready["whatsapp"]):
        assert CLAIM in reason
        assert "fake-takeover 9.9" in reason
        assert "trinity-channels-whatsapp 0.1.0" in reason
    assert ready["telegram"] == "ready"
    assert any("plugin is not usable" in str(one) for one in agents)
    assert delivered.status_code == 404
