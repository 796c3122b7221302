"""Whether a process that joins others on one database is set up as the one that started last.

Secrets that one seals must open in all, and an agent that is configured in one only answers some of its messages.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence

from trinity_channels.agent_settings import Agent
from trinity_channels.agents import configured
from trinity_channels.crypto.vault import Vault, VaultError
from trinity_channels.observability.log import get_logger
from trinity_channels.store import Store, StoreError, Tx, settings

log = get_logger(__name__)

_KEYS = "encryption_keys"
"""The setting that keeps the ids of the keys of the process that started last, newest first."""


async def check(store: Store, vault: Vault, agents: Mapping[str, Agent]) -> None:
    """Compare, and write down how this process is set up.

    Raises:
        VaultError: it has other encryption keys.
        StoreError: the database cannot be read.
    """
    if not store.shared:
        return
    before = await store.read(_before)
    if store.beside and before[0] and vault.are_new:
        _compare_keys(store, before[0], ())
    mine = list(vault.key_ids), configured.digests(agents)
    if store.beside:
        _compare_keys(store, before[0] or mine[0], mine[0])
        _compare_agents(before[1] or mine[1], mine[1])
    if before == mine:
        return

    def write(tx: Tx) -> None:
        settings.put(tx, _KEYS, json.dumps(mine[0]))
        configured.put(tx, agents)

    # A start must not depend on a database that can be written to.
    with contextlib.suppress(StoreError):
        await store.write(write)


def _before(tx: Tx) -> tuple[list[str], dict[str, str] | None]:
    return json.loads(settings.get(tx, _KEYS) or "[]"), configured.get(tx)


def _compare_keys(store: Store, theirs: Sequence[str], mine: Sequence[str]) -> None:
    if theirs[0] not in mine:
        why = f"seal secrets with the encryption key {theirs[0]}, which this one does not have"
    elif mine[0] not in theirs:
        why = f"do not have the encryption key {mine[0]}, with which this one would seal secrets"
    else:
        return
    raise VaultError(
        f"The other processes that serve {store.name} {why}. Give this one the key that they use: the same "
        "TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY, or if they have it in the file credentials.key of their data folder, a "
        "copy of that file in the data folder of this one. To change the key of all, start all of them with the new one "
        "behind the old one, then all of them with the new one in front."
    )


def _compare_agents(theirs: Mapping[str, str], mine: Mapping[str, str]) -> None:
    here, there = sorted(mine.keys() - theirs.keys()), sorted(theirs.keys() - mine.keys())
    differ = sorted(name for name in mine.keys() & theirs.keys() if mine[name] != theirs[name])
    if here or there or differ:
        log.warning(
            "agents are configured otherwise in another process",
            only_here=here,
            only_there=there,
            differ=differ,
            fix="give all processes the same agents, and run `trinity-channels reload`",
        )
