"""Which rows of a document can be imported: those of agents that are here, with the owners that they have on the platform.

What would be unsafe without a row that has a problem is left out with it: an agent is not connected without its policy, and
of one that may be another of the same name nothing is taken.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from trinity_channels.access.directory import Directory, owner_of
from trinity_channels.imports.document import Document, DocumentRow, GivenBinding, GivenPolicy, GivenShare
from trinity_channels.imports.problems import Problems
from trinity_channels.principal import Owner

MOST_AGENTS = 1_000
"""In one document: the directory, which may be another system, is asked about each."""
_AT_ONCE = 8
"""Agents that it is asked about at the same time."""
_FOREIGN = (
    "Here the agent belongs to someone else: it may be another one of the same name, so its policy and shares are left out, "
    "too. If it is the same, leave out owner."
)
_UNRULED = (
    "Left out because of the agent's policy, which has a problem: other people than before could write to the agent."
)
Row = TypeVar("Row", bound=GivenBinding | GivenPolicy | GivenShare)


async def owners(directory: Directory, document: Document, problems: Problems) -> Mapping[str, Owner]:
    """The owners of the agents that there are here, by agent.

    Raises:
        Unavailable: the directory cannot be asked.
        ImportRefused: the document names too many.
    """
    rows: list[DocumentRow[Any]] = [*document.bindings, *document.policies, *document.shares]
    names: dict[str, None] = dict.fromkeys(one.row.agent for one in rows)
    if len(names) > MOST_AGENTS:
        problems.add_to_whole(
            "agents", f"A document may name at most {MOST_AGENTS}. Import the others with a second document."
        )
        problems.refuse_whole()
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def ask(name: str) -> Owner | None:
        async with at_once:
            return await owner_of(directory, name)

    owners = await asyncio.gather(*map(ask, names))
    return {name: owner for name, owner in zip(names, owners, strict=True) if owner}


def without_problems(document: Document, owners: Mapping[str, Owner], problems: Problems) -> Document:
    """The rows that can be imported; the others are added to the problems."""
    foreign = {one.row.agent for one in document.bindings if _is_foreign(one.row, owners)}
    twice = {
        *_twice(((one.row.agent, one.row.channel), one.place) for one in document.bindings),
        *_twice((one.row.agent, one.place) for one in document.policies),
        *_twice(((one.row.agent, one.row.email), one.place) for one in document.shares),
    }
    same_secret = _twice(
        (one.row.webhook_secret.get_secret_value(), one.place) for one in document.bindings if one.row.webhook_secret
    )
    unruled = document.unruled | {one.row.agent for one in document.policies if one.place in twice}
    ruled = {one.row.agent for one in document.policies} - unruled

    def fits(one: DocumentRow[Row], what: str) -> bool:
        if one.row.agent not in owners:
            problems.add(f"{one.place}.agent", "There is no such agent here.")
        elif one.place in twice:
            problems.add(one.place, f"Another row has the same {what}.")
        else:
            return one.row.agent not in foreign
        return False

    def connects(one: DocumentRow[GivenBinding]) -> bool:
        found = []
        agent = one.row.agent
        if agent in foreign:
            found.append(("owner", _FOREIGN))
        if one.place in same_secret:
            found.append(("webhook_secret", "Another row has the same webhook_secret; it must be unique."))
        # A policy that names no agent may be anyone's.
        if agent in unruled or ("" in unruled and agent not in ruled):
            found.append(("agent", _UNRULED))
        for name, sentence in found:
            problems.add(f"{one.place}.{name}", sentence)
        return fits(one, "agent and channel") and not found

    return replace(
        document,
        bindings=tuple([one for one in document.bindings if connects(one)]),
        policies=tuple([one for one in document.policies if fits(one, "agent")]),
        shares=tuple([one for one in document.shares if fits(one, "agent and e-mail")]),
    )


def _is_foreign(row: GivenBinding, owners: Mapping[str, Owner]) -> bool:
    owner = owners.get(row.agent)
    names = {name.casefold() for name in (owner.id, owner.email, owner.name) if name} if owner else set()
    return owner is not None and bool(row.owner) and (row.owner or "").casefold() not in names


def _twice(keys: Iterable[tuple[object, str]]) -> set[str]:
    """The places of those whose key another one has, too: it would be undefined which of them counts."""
    placed = list(keys)
    times = Counter(key for key, _ in placed)
    return {place for key, place in placed if times[key] > 1}
