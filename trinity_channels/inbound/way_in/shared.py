"""Probes that another process receives: a load balancer sends them to any of those that serve the database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta

from trinity_channels.inbound.way_in.probe import Arrived, Probe, id_of
from trinity_channels.store import Store, Tx, settings

_SENT = "way_in_probe:"
_CAME = "way_in_arrived:"
_OLD = timedelta(minutes=2)
"""The age at which the notes about a probe are removed whose process has died; none is on its way for so long."""


class SharedProbes:
    """Notes of probes in the database, for as long as they are on their way."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now

    async def announce(self, probe: Probe) -> None:
        """Let the other processes recognise a probe, before it is sent."""
        now = self._now()
        sent = {
            "channel": probe.channel,
            "key": probe.key,
            "base": probe.base,
            "secret": probe.secret.hex(),
            "at": now.isoformat(),
        }

        def note(tx: Tx) -> None:
            for name, value in settings.beginning_with(tx, _SENT).items():
                if abs(now - datetime.fromisoformat(json.loads(value)["at"])) > _OLD:
                    _remove(tx, name.removeprefix(_SENT))
            settings.put(tx, _SENT + probe.id, json.dumps(sent))

        await self._store.write(note)

    async def withdraw(self, probe: Probe) -> None:
        """Remove what is noted of a probe."""
        await self._store.write(lambda tx: _remove(tx, probe.id))

    async def sent_to(self, channel: str, key: str) -> Probe | None:
        """The probe of another process that is on its way to an address, None if there is none."""
        probe = await self.with_id(id_of(key))
        return probe if probe and (probe.channel, probe.key) == (channel, key) else None

    async def with_id(self, identity: str) -> Probe | None:
        """The probe of another process, None if there is none with this id."""
        value = await self._store.lookup(lambda tx: settings.get(tx, _SENT + identity))
        if value is None:
            return None
        sent = json.loads(value)
        return Probe(sent["channel"], sent["key"], sent["base"], bytes.fromhex(sent["secret"]))

    async def report(self, probe: Probe) -> None:
        """Note what has become of a probe of another process, which waits for it."""
        came = {
            "arrived": None
            if probe.arrived is None
            else asdict(probe.arrived) | {"body": probe.arrived.body.decode("latin-1")},
            "strayed": probe.strayed,
            "stored": probe.stored,
            "trouble": probe.trouble,
        }
        await self._store.write(lambda tx: settings.put(tx, _CAME + probe.id, json.dumps(came)))

    async def heard(self, probe: Probe) -> bool:
        """Take over what another process has noted of a probe; returns whether it has noted anything."""
        value = await self._store.read(lambda tx: settings.get(tx, _CAME + probe.id))
        if value is None:
            return False
        came = json.loads(value)
        if at := came["arrived"]:
            probe.arrived = Arrived(**at | {"body": at["body"].encode("latin-1")})
        probe.strayed, probe.stored, probe.trouble = came["strayed"], came["stored"], came["trouble"]
        return True


def _remove(tx: Tx, identity: str) -> None:
    settings.remove(tx, _SENT + identity)
    settings.remove(tx, _CAME + identity)
