"""Where a check plays: one plugin, its simulator, a host in the kit's hands, all in memory and on virtual time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import NAMESPACE_URL, uuid5

import httpx
from pydantic import BaseModel, SecretStr

from trinity_channels.api import (
    Account,
    Binding,
    Context,
    Event,
    Fault,
    Inbound,
    MessageReceived,
    OutboundMessage,
    Phone,
    Receipt,
    Request,
    Simulator,
)
from trinity_channels_contract_tests.expectations import Aspects, NotApplicable, Seen, broken, expect, short, told
from trinity_channels_contract_tests.fetching import fetching, prepared
from trinity_channels_contract_tests.host import HOST, PUBLIC_URL, Host
from trinity_channels_contract_tests.sockets import Sockets
from trinity_channels_contract_tests.transport import Call, Transport
from trinity_channels_contract_tests.under_test import PluginUnderTest

PROVIDER = "provider.contract.example"
RESPITE = 2.0
"""Seconds of virtual time between two messages to one person: simulators limit rates as their providers do."""
PATIENCE = 60.0
"""Seconds after which a hook that has not come back has no time-out; the client's own are 5 and 15."""

T = TypeVar("T")
Came = Request | Inbound
"""What has come: a raw request, or of a channel without webhooks what `listen` has delivered."""


class Harness:
    """One plugin connected to one fresh simulator.

    Attributes:
        plugin: the plugin, hook by hook.
        manifest: its manifest.
        simulator: its provider.
        host: what the provider posted.
        transport: the network to the provider.
        sockets: the same for WebSockets.
        ctx: what hooks get.
        webhook_url: where the provider posts.
        settings: what the owner entered.
        made_client: the host's client as it was before any hook was called.
        aspects: what of the check can be exempted alone.
        live: whether what arrives at `listen` does so once that has caught up and waits, or as it begins.
    """

    settings: BaseModel

    def __init__(self, plugin: PluginUnderTest, start: datetime) -> None:
        self.plugin = plugin
        self.manifest = plugin.manifest
        self.webhook_url = f"{PUBLIC_URL}/api/{plugin.name}/webhook/contract-key"
        self.transport = Transport(PROVIDER)
        self._start = start
        self._serial = 0
        self._binding: Binding | Exception = LookupError("nothing is connected")
        self._heard_from: MessageReceived | Exception = LookupError("no message has been received")
        self.host = Host(self.read, self.now)
        # The client that the host lends: connect 5 s, read 15 s.
        self._http = httpx.AsyncClient(transport=self.transport, timeout=httpx.Timeout(15, connect=5))
        # A client of its own for the simulator: faults on the way to the provider must not disturb its webhooks.
        self._posts = httpx.AsyncClient(transport=Transport(HOST, self.host))
        base_url = f"http://{PROVIDER}"
        self.made_client = client_state(self._http)
        self.aspects = Aspects()
        self.live = False
        self._known: list[Event] = []
        # Nor may they disturb what is listened to in order to hear people.
        self._fetches = Transport(PROVIDER)
        self.sockets = Sockets(lambda server: self.transport.app if server == PROVIDER else None)
        webhook_url = self.webhook_url if plugin.receives else None
        self.ctx = Context(self._http, self.now, webhook_url, base_url, self.sockets)
        if not plugin.offers("simulator"):
            broken("the plugin ships no simulator (capability and hook `simulator`), so nothing else can be shown")
        self.simulator: Simulator = plugin.hook("simulator")(ctx=Context(self._posts, self.now, None, base_url))
        self.transport.app = self._fetches.app = self.simulator.app

    def now(self) -> datetime:
        """The time of the story."""
        # The loop's time is virtual: a day of it passes in no time.
        return self._start + timedelta(seconds=asyncio.get_running_loop().time())

    async def connect(self) -> None:
        """Do what an owner does: save working settings, point the provider at the host if there are webhooks."""
        if self.plugin.receives:
            self.settings = self.manifest.settings.model_validate(dict(self.simulator.settings()))
            self.simulator.connect(self.webhook_url)
        else:
            self.settings = prepared(self.manifest, self.simulator)
        try:
            account = await self.ask("configure", Account, settings=self.settings, ctx=self.ctx)
            secret = SecretStr("fake-webhook-secret-of-the-kit")
            self.binding = Binding(self.settings, account, secret, listens=not self.plugin.receives)
            if self.plugin.receives and self.plugin.offers("register_webhook"):
                await self.wait(self.plugin.hook("register_webhook")(binding=self.binding, ctx=self.ctx))
        except Exception as error:  # noqa: BLE001  only a story that needs the account fails for it
            self._binding = error

    async def greet(self) -> None:
        """Let a person write first: it opens reply windows, and gives an address to answer."""
        try:
            self._heard_from = await self.hears("good morning")
        except Exception as error:  # noqa: BLE001  only a story that needs the message fails for it
            self._heard_from = error

    @property
    def binding(self) -> Binding:
        """The connected account; a story may put another in its place."""
        return _needed("configure", self._binding)

    @binding.setter
    def binding(self, binding: Binding) -> None:
        self._binding = binding

    @property
    def heard_from(self) -> MessageReceived:
        """What a person wrote before the story began."""
        return _needed(self.plugin.where("receive"), self._heard_from)

    async def close(self) -> None:
        """End everything, and say so if the simulator itself broke."""
        await self._http.aclose()
        await self._posts.aclose()
        if crashes := self.transport.crashes + self._fetches.crashes:
            # Otherwise the plugin would be blamed for a 500 of its simulator.
            raise crashes[0]

    @asynccontextmanager
    async def another(self) -> AsyncIterator[Harness]:
        """A second harness with a simulator of its own, connected, with one message received."""
        async with self.elsewhere() as harness:
            await harness.greet()
            yield harness

    @asynccontextmanager
    async def elsewhere(self) -> AsyncIterator[Harness]:
        """A second harness with a simulator of its own, connected, in which no one has written."""
        harness = Harness(self.plugin, self._start)
        harness.aspects, harness.live = self.aspects, self.live
        try:
            await harness.connect()
            yield harness
        finally:
            await harness.close()

    def needs(self, hook: str) -> None:
        """End the check unless the plugin has this optional hook."""
        if not self.plugin.offers(hook):
            missing = "the channel has no webhooks" if hook == "receive" else f"capability {hook} is not declared"
            raise NotApplicable(missing)

    # --- calling hooks ---

    def read(self, request: Request, binding: Binding | None = None) -> object:
        """Call `receive`, with a copy of the headers; what comes back may be anything."""
        # A plugin that changes the headers must not spoil the request for the next check.
        copy = Request(request.method, request.url, dict(request.headers), request.body, request.received_at)
        return self.plugin.hook("receive")(binding=binding or self.binding, request=copy)

    def inbound(self, came: Came, binding: Binding | None = None) -> Inbound:
        """What has come, read: call `receive` for a request that is good; what `listen` has delivered is read already."""
        found = self.read(came, binding) if isinstance(came, Request) else came
        if not isinstance(found, Inbound):
            how = "receive returned" if self.plugin.receives else "listen delivered"
            broken(f"{how} {short(found)}, not Inbound")
        return found

    async def ask(self, hook: str, kind: type[T], **arguments: object) -> T:
        """Call an asynchronous hook that promises a value."""
        found = await self.wait(self.plugin.hook(hook)(**arguments))
        if not isinstance(found, kind):
            broken(f"{hook} returned {short(found)}, not {kind.__name__}")
        return found

    async def wait(self, call: Awaitable[T]) -> T:
        """Wait for a hook, with a time limit."""
        patience = asyncio.timeout(PATIENCE)
        try:
            async with patience:
                return await call
        except TimeoutError:
            # A TimeoutError that the hook itself let out is the hook's, and is reported as such.
            if patience.expired():
                broken(f"it had not come back after {PATIENCE:.0f} seconds; every call to a provider needs a time-out")
            raise

    async def send(self, text: str, to: str | None = None) -> Receipt:
        """Send one message to the phone, or to an address, after a pause that keeps below every rate limit."""
        return await self.hand_over(await self.message(text, to))

    async def hand_over(self, message: OutboundMessage) -> Receipt:
        """Call `send`."""
        return await self.ask("send", Receipt, binding=self.binding, message=message, ctx=self.ctx)

    async def message(self, text: str, to: str | None = None) -> OutboundMessage:
        """The next message for the phone, after a pause."""
        await asyncio.sleep(max(self.binding.account.pace.total_seconds(), RESPITE))
        return self.written(text, to)

    def written(self, text: str, to: str | None = None) -> OutboundMessage:
        """The next message for the phone, at once."""
        self._serial += 1
        return OutboundMessage(str(uuid5(NAMESPACE_URL, f"delivery:{self._serial}")), to or self.phone.address, text)

    def strikes(self, fault: Fault, times: int = 1) -> bool:
        """Let the next sends fail this way, if the simulator's provider ever answers so."""
        try:
            self.simulator.inject(fault, times)
        except LookupError:
            return False
        return True

    # --- people ---

    @property
    def phone(self) -> Phone:
        """The phone of the one person that most stories need."""
        return self.simulator.phone("Zoe")

    def fetched(self) -> list[Call]:
        """What was fetched in order to hear people, of channels without webhooks."""
        return self._fetches.calls

    def arrived(self, phone: Phone | None = None) -> list[str]:
        """The texts that reached a phone."""
        return [one.text for one in (phone or self.phone).heard() if one.ticks >= 0]

    @asynccontextmanager
    async def hearing(self) -> AsyncIterator[list[Came]]:
        """Do something on the provider's side; gives, at the end, what has come because of it."""
        came: list[Came] = []
        if self.plugin.receives:
            before = len(self.host.requests)
            yield came
            await self.simulator.settle()
            came += self.host.since(before)
            return
        async with httpx.AsyncClient(transport=self._fetches, timeout=self._http.timeout) as client:
            async with fetching(
                self.plugin, self.binding, replace(self.ctx, http=client), self.simulator.settle, self._known
            ) as fetched:
                yield came
            came += fetched

    async def came(self, act: Awaitable[object]) -> list[Came]:
        """Do something on the provider's side; returns what has come because of it."""
        try:
            async with self.hearing() as came:
                await act
        finally:
            # Without effect, unless the plugin could not even begin to listen.
            if inspect.iscoroutine(act):
                act.close()
        return came

    async def events(self, act: Awaitable[object]) -> list[Event]:
        """Do something on the provider's side; the events that come because of it."""
        return [event for one in await self.came(act) for event in self.inbound(one).events]

    async def brought(self, act: Awaitable[object]) -> Came:
        """Do something on the provider's side; returns what brought a message because of it."""
        came = await self.came(act)
        for one in came:
            if any(isinstance(event, MessageReceived) for event in self.inbound(one).events):
                return one
        what = "webhooks came" if self.plugin.receives else "deliveries were made"
        return broken(f"{len(came)} {what}, and none of them brought a message")

    async def said(self, text: str, phone: Phone | None = None) -> Request:
        """Let a person write; returns the raw request that brought the message.

        Raises:
            NotApplicable: the channel has no webhooks.
        """
        self.needs("receive")
        found = await self.brought((phone or self.phone).says(text))
        assert isinstance(found, Request)  # noqa: S101  webhooks are nothing else
        return found

    async def posted(self, text: str) -> Request:
        """Let a person write; returns the first raw request, whatever the plugin makes of it."""
        self.needs("receive")
        before = len(self.host.requests)
        await self.phone.says(text)
        await self.simulator.settle()
        posted = self.host.since(before)
        expect(posted, "the simulator posted no webhook")
        return posted[0]

    def received(self, came: Came) -> MessageReceived:
        """The message in what has come."""
        events = [event for event in self.inbound(came).events if isinstance(event, MessageReceived)]
        expect(len(events) == 1, f"one message became {len(events)} MessageReceived")
        return events[0]

    async def hears(self, text: str, phone: Phone | None = None) -> MessageReceived:
        """Let a person write; returns the message as the host gets it."""
        return self.received(await self.brought((phone or self.phone).says(text)))


def client_state(client: httpx.AsyncClient) -> dict[str, object]:
    """All that a hook could leave behind in the client, by name."""
    named = {
        "headers": dict(client.headers),
        "cookies": dict(client.cookies),
        "params": dict(client.params),
        "auth": client.auth,
        "time-outs": client.timeout,
        "base_url": str(client.base_url),
        "event_hooks": {event: list(hooks) for event, hooks in client.event_hooks.items()},
        "follow_redirects": client.follow_redirects,
        "max_redirects": client.max_redirects,
        "trust_env": client.trust_env,
    }
    # A method that was replaced stands beside them.
    state = {name: id(value) for name, value in vars(client).items() if callable(value) or "_transport" in name}
    return {**named, **state, "mounts": len(client._mounts)}  # noqa: SLF001  httpx shows them nowhere else


def _needed(hook: str, found: T | Exception) -> T:
    if isinstance(found, Exception):
        raise Seen(f"before this could be checked, {hook} failed: {told(found)}") from found
    return found
