"""Sends the probes, and keeps what they found."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

import httpx

from trinity_channels.api import Check
from trinity_channels.bindings.public_address import Probed, PublicAddress
from trinity_channels.bindings.refusals import NoWebhook
from trinity_channels.inbound.way_in import legs
from trinity_channels.inbound.way_in.elsewhere import Answer
from trinity_channels.inbound.way_in.probe import ID, KEY, QUERY, SIGNATURE, Probe
from trinity_channels.inbound.way_in.probes import Probes
from trinity_channels.per_loop import PerLoop
from trinity_channels.plugins import Plugins
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, bindings

SECONDS = 15.0
"""How long a probe may take."""
_MOST = 65_536
"""Bytes that are read of an answer; ours is far smaller."""


class WayIn:
    """Proves that requests to the public address reach this host unchanged and are stored."""

    def __init__(
        self,
        *,
        store: Store,
        plugins: Plugins,
        address: PublicAddress,
        probes: Probes,
        http: httpx.AsyncClient,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._plugins = plugins
        self._address = address
        self._probes = probes
        self._http = http
        self._now = now
        self._one_at_a_time = PerLoop(asyncio.Lock)

    @property
    def address(self) -> str | None:
        """Where probes are sent, None while there is no public address."""
        return self._address.value

    @property
    def newest(self) -> Collection[Probed]:
        """What the newest probes through the present address found."""
        return self._address.probed.values()

    async def prove(self) -> list[Probed]:
        """Send one probe for each channel with a connected account, for every channel if there is none.

        The results are kept with the address, where health looks at them. Without an address there are none.
        """
        # Two at once would overwrite each other's results.
        async with self._one_at_a_time.current:
            # Side by side: where nothing answers, each takes its whole time.
            every = await asyncio.gather(*(self._prove(channel) for channel in await self._channels()))
            return [found for found in every if found]

    async def prove_one(self, agent: str, channel: str) -> Probed:
        """The same for one channel of an agent.

        Raises:
            Refusal: there is no public address.
            NoWebhook: its messages are fetched.
        """
        stored = await self._store.lookup(lambda tx: bindings.of_agent(tx, agent, channel))
        if not self._plugins[channel].receives or (stored and stored.connected and stored.listens):
            raise NoWebhook(self._plugins.title(channel))
        async with self._one_at_a_time.current:
            found = await self._prove(channel)
        if found is None:
            raise Refusal("no_public_url", "public_chat_url is not set; set it, then probe it.")
        return found

    async def _channels(self) -> Sequence[str]:
        every = await self._store.read(bindings.every)
        connected = {one.channel for one in every if one.connected and not one.listens}
        able = [one for one in self._plugins if self._plugins[one].receives]
        # One a channel is enough: the ways of two accounts of a channel differ only in the key.
        return [one for one in able if one in connected] or able

    async def _prove(self, channel: str) -> Probed | None:
        # Random, and as long as real keys: proxies that limit or change paths treat it alike.
        key = f"{KEY}{secrets.token_urlsafe(32)}"
        base = self._address.webhook(channel, key)
        if base is None:
            return None
        probe = Probe(channel, key, base)
        async with self._probes.expecting(probe):
            checks = await self._send(probe, self._plugins[channel].manifest.acknowledgement.body)
        found = Probed(channel, base.removesuffix(key), self._now(), tuple(checks))
        await self._address.keep(found)
        return found

    async def _send(self, probe: Probe, acknowledgement: bytes) -> list[Check]:
        headers = {
            ID: probe.id,
            SIGNATURE: probe.signature(QUERY, probe.body),
            "Content-Type": "application/json",
        }
        try:
            async with (
                asyncio.timeout(SECONDS),
                self._http.stream(
                    "POST", probe.url, content=probe.body, headers=headers, follow_redirects=False
                ) as response,
            ):
                answer = Answer(response.status_code, response.headers, await _body(response))
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            await self._probes.heard(probe)
            return legs.unanswered(probe, error)
        await self._probes.heard(probe)
        return legs.answered(probe, answer, acknowledgement)


async def _body(response: httpx.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MOST:
            break
    return body[:_MOST]
