"""Whether the agents of a document are agents here, with the owners that they have on the platform."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

from trinity_channels.access.directory import Directory, owner_of
from trinity_channels.imports.document import Document
from trinity_channels.imports.problems import Problems
from trinity_channels.principal import Owner

MOST_AGENTS = 1_000
"""In one document: the directory, which may be another system, is asked about each."""
_AT_ONCE = 8
"""Agents that it is asked about at the same time."""


async def owners(directory: Directory, document: Document, problems: Problems) -> Mapping[str, Owner]:
    """The owners of the agents that there are here, by agent.

    Raises:
        Unavailable: the directory cannot be asked.
    """
    named = [
        *((one.place, one.row.agent) for one in document.bindings),
        *((one.place, one.row.agent) for one in document.policies),
        *((one.place, one.row.agent) for one in document.shares),
    ]
    names = dict.fromkeys(name for _, name in named)
    if len(names) > MOST_AGENTS:
        problems.add("agents", f"A document may name at most {MOST_AGENTS}. Import the others with a second document.")
        return {}
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def ask(name: str) -> Owner | None:
        async with at_once:
            return await owner_of(directory, name)

    owners = await asyncio.gather(*map(ask, names))
    found = {name: owner for name, owner in zip(names, owners, strict=True) if owner}
    for place, name in named:
        if name not in found:
            problems.add(f"{place}.agent", "There is no such agent here.")
    for binding in document.bindings:
        owner, told = found.get(binding.row.agent), binding.row.owner
        if owner and told and told.casefold() not in _names(owner):
            problems.add(
                f"{binding.place}.owner",
                "Here the agent belongs to someone else: it may be another one of the same name. If it is the same, leave "
                "out owner.",
            )
    return found


def _names(owner: Owner) -> set[str]:
    return {name.casefold() for name in (owner.id, owner.email, owner.name) if name}


def refuse_duplicates(document: Document, problems: Problems) -> None:
    """Add a problem for each duplicate row: it would be undefined which of them counts."""
    keys = {
        "bindings": [(one.place, (one.row.agent, one.row.channel)) for one in document.bindings],
        "webhook_secret": [
            (f"{one.place}.webhook_secret", (one.row.webhook_secret.get_secret_value(), ""))
            for one in document.bindings
            if one.row.webhook_secret
        ],
        "policies": [(one.place, (one.row.agent, "")) for one in document.policies],
        "shares": [(one.place, (one.row.agent, one.row.email)) for one in document.shares],
    }
    what = {
        "bindings": "the same agent and channel",
        "webhook_secret": "the same webhook_secret; it must be unique",
        "policies": "the same agent",
        "shares": "the same agent and e-mail",
    }
    for kind, placed in keys.items():
        times = Counter(key for _, key in placed)
        for place, key in placed:
            if times[key] > 1:
                problems.add(place, f"Another row has {what[kind]}.")
