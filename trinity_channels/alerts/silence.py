"""Notices busy channels that have gone quiet; `quiet` has the rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from trinity_channels.alerts import quiet
from trinity_channels.alerts.finding import Finding, Findings
from trinity_channels.store import Store, Tx, inbound_hours
from trinity_channels.store.bindings import StoredBinding
from trinity_channels.store.inbound_hours import Uncounted, hour_of

FIX_LISTENING = (
    "Write to the agent yourself. If no answer comes, verify the account on the channel's page. The next message that "
    "arrives ends this alert."
)
FIX = (
    "Write to the agent yourself. If no answer comes, send a probe from the channel's page, and compare the webhook address "
    "at the provider with the one that the page shows. The next message that arrives ends this alert."
)


class Silence:
    """Judges each binding once an hour. Time in which the host did not listen, breaks of two hours aside, is not silence."""

    code = "quiet"
    is_consequence = True

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._store = store
        self._now = now
        self._listening_since: dict[int, datetime] = {}
        self._judged: int | None = None

    async def look(self, connected: Sequence[StoredBinding], alerted: Mapping[int, datetime]) -> Findings:
        """Unusual silences once an hour, and at once the bindings that are heard again.

        An alert ends with a message, not when the rule no longer holds: after a week, silence would be usual.
        """
        now = self._now()
        is_judged = self._judged == hour_of(now)
        if not is_judged:
            since = await self._store.write(partial(inbound_hours.listens, now=now))
            first = since if self._judged is None else now  # after a restart, bindings are connected since before it
            self._listening_since = {one.id: self._listening_since.get(one.id, first) for one in connected}
        # In batches: after a long stop there may be many hours of messages, and a unit must be short.
        look = partial(_heard, bindings=[one.id for one in connected], now=now)
        while isinstance(heard := await self._store.read(look), Uncounted):
            await self._store.write(partial(inbound_hours.add, found=heard, now=now))
        again = {one: None for one, since in alerted.items() if one in heard and heard[one] > since}
        if is_judged:
            return again
        silent = await self._store.read(lambda tx: self._judge(tx, connected, heard, now))
        self._judged = hour_of(now)
        return {**silent, **again}

    def _judge(
        self, tx: Tx, connected: Sequence[StoredBinding], heard: Mapping[int, datetime], now: datetime
    ) -> dict[int, Finding]:
        found = {}
        for one in connected:
            last = heard.get(one.id)
            if last is None:
                continue
            since = max(last, self._listening_since[one.id])
            if quiet.is_unusual(inbound_hours.hours(tx, one.id), hour_of(since), hour_of(now)):
                cause = (
                    f"No message has arrived since {last:%Y-%m-%d %H:%M} UTC, which is unusual: in the same hours of the "
                    "days or weeks before, people wrote each time."
                )
                found[one.id] = Finding(cause, FIX_LISTENING if one.listens else FIX)
        return found


def _heard(tx: Tx, bindings: Sequence[int], now: datetime) -> Uncounted | dict[int, datetime]:
    """When each binding was last heard; as long as messages are to be counted, those."""
    return inbound_hours.uncounted(tx, now) or inbound_hours.last_heard(tx, bindings)
