"""How the agents are configured where they were read last: the processes on one database should have the same ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from trinity_channels.agent_settings import Agent
from trinity_channels.store import Tx, settings

_NAME = "configured_agents"


def digests(agents: Mapping[str, Agent]) -> dict[str, str]:
    """What tells the settings of each agent from others; secrets, which are shown as asterisks, do not count."""
    return {
        name: hashlib.sha256(agent.model_dump_json().encode()).hexdigest()[:16]
        for name, agent in sorted(agents.items())
    }


def put(tx: Tx, agents: Mapping[str, Agent]) -> None:
    """Write down those of this process."""
    settings.put(tx, _NAME, json.dumps(digests(agents)))


def get(tx: Tx) -> dict[str, str] | None:
    """The digests of those that were written down last; None if none were."""
    stored = settings.get(tx, _NAME)
    return json.loads(stored) if stored else None
