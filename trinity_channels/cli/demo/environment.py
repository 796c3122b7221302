"""The demo's environment: a host and a second server for the simulated providers, in one process and a temporary folder."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource
from starlette.types import ASGIApp

from trinity_channels.api import Simulator
from trinity_channels.app import Host, Ports, create_app
from trinity_channels.cli import servers
from trinity_channels.cli.demo.agent import DemoAgent
from trinity_channels.cli.demo.framed import FramedBy
from trinity_channels.cli.demo.owner import Owner
from trinity_channels.cli.demo.pages import DemoPages
from trinity_channels.cli.demo.provider_server import provider_server
from trinity_channels.cli.demo.signed_in import SignedIn
from trinity_channels.cli.errors import CommandFailed
from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.plugins import Plugin, Plugins, load
from trinity_channels.settings import Settings

AGENT = "demo"
SPARE = "my-agent"
"""Connected to nothing, for trying to connect; the user guide's calls name it."""
OWNER = "owner@example.org"
LOOPBACK = "127.0.0.1"
FIRST_CONNECTION = 10.0
"""Seconds that a demo waits for a provider whose messages are fetched; its page tells why it does not connect."""
LOOK_AGAIN = 0.05


class DemoSettings(Settings):
    """Settings that ignore the environment and the configuration file of the person who tries the demo."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  the signature of pydantic-settings
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003  see above
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  see above
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  see above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # A real account in the environment must not be called by a demo.
        return (init_settings,)


@dataclass(frozen=True, slots=True)
class Environment:
    """The parts of a running demo. `providers_url` is the address of phones, mailbox and demo page.

    `failed` are the channels that are not connected, with the reason.
    """

    host: Host
    owner: Owner
    mails: CapturedMailer
    simulators: dict[str, Simulator]
    providers_url: str
    failed: dict[str, str]

    @property
    def url(self) -> str:
        """The host's address."""
        return self.owner.url


@contextlib.asynccontextmanager
async def set_up(port: int, *, listen: bool = False) -> AsyncIterator[Environment]:
    """Set everything up: the host on `port` if it is free, every channel that has a simulator connected to it.

    `listen`: messages are fetched wherever a channel can do that, not only where there is no other way.
    """
    plugins = load()
    with contextlib.ExitStack() as held:
        folder = held.enter_context(tempfile.TemporaryDirectory(prefix="trinity_channels_demo_"))
        # Both before anything is built: the settings hold both addresses.
        inner, outer = held.enter_context(bind(port)), held.enter_context(bind(min(port + 1, 65535) if port else 0))
        # trust_env: a proxy of the user's would be asked for addresses of this machine
        async with httpx.AsyncClient(trust_env=False, timeout=15, limits=httpx.Limits(max_connections=100)) as http:
            environment, app = _build(Path(folder), plugins, http, servers.address(inner), servers.address(outer))
            providers = provider_server(environment.simulators, _pages(environment, plugins))
            framed = FramedBy(app, environment.providers_url)
            async with (
                # First, so that it ends last: until then the host waits for messages there.
                servers.serving(providers, outer, websockets=True),
                environment.host,
                servers.serving(framed, inner, environment.host.leave),
            ):
                await environment.owner.set_public_address(environment.url)
                for name in environment.simulators:
                    with apart(environment.failed, name):
                        await _connect(environment, name, listens=fetches(plugins[name], listen=listen))
                yield environment


@contextlib.contextmanager
def apart(failed: dict[str, str], channel: str) -> Iterator[None]:
    """Note why a channel fails, so that the others go on."""
    try:
        yield
    except CommandFailed as error:
        failed[channel] = str(error)
    except Exception as error:  # noqa: BLE001  simulators are foreign code
        failed[channel] = f"{type(error).__name__}: {error}"


def fetches(plugin: Plugin, *, listen: bool) -> bool:
    """Whether the host of a demo fetches a channel's messages; otherwise they come by webhook."""
    return plugin.listens and (listen or not plugin.receives)


async def _connect(environment: Environment, name: str, *, listens: bool) -> None:
    simulator = environment.simulators[name]
    if listens:
        # What the owner does in the provider's console for this way, where there is something to do.
        getattr(simulator, "prepare_listening", lambda: None)()
    webhook_url = await environment.owner.connect(name, simulator.settings(), listens=listens)
    if webhook_url is not None:
        simulator.connect(webhook_url)
        return
    # What is written before that may come a minute later, when the provider tries again.
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FIRST_CONNECTION):
            while not await environment.owner.is_connected(name):  # noqa: ASYNC110  only the API knows
                await asyncio.sleep(LOOK_AGAIN)


def _pages(environment: Environment, plugins: Plugins) -> DemoPages:
    channels = [plugins[name].manifest for name in environment.simulators]
    signed_in = SignedIn(environment.host.sessions, OWNER, environment.url)
    return DemoPages(environment.owner, environment.mails, channels, signed_in)


def _most_to_see(plugins: Plugins) -> Callable[[str], tuple[bool, bool, str]]:
    """The channel that shows most comes first: people sign in by mail there, and a reply window closes."""

    def place(name: str) -> tuple[bool, bool, str]:
        manifest = plugins[name].manifest
        return manifest.capabilities.verified_email, manifest.reply_window is None, name

    return place


def bind(port: int) -> socket.socket:
    """The wanted port, or any other: a demo must not fail because something else runs on this machine."""
    try:
        return servers.bind(LOOPBACK, port)
    except CommandFailed:
        return servers.bind(LOOPBACK, 0)


def _build(
    folder: Path, plugins: Plugins, http: httpx.AsyncClient, url: str, providers_url: str
) -> tuple[Environment, ASGIApp]:
    names = sorted((name for name in plugins if "simulator" in plugins[name].capabilities), key=_most_to_see(plugins))
    if not names:
        raise CommandFailed("No installed channel has a simulator; `trinity-channels plugins` lists what there is.")
    token = f"tc_{secrets.token_urlsafe(24)}"
    settings = DemoSettings.load(
        trinity_channels_home=folder,
        trinity_channels_admin_token=token,
        # In mailed links, also while someone tries another Public Chat URL.
        trinity_channels_pages_url=url,
        # One person tries every command here within minutes.
        trinity_channels_notices_per_contact=100,
        api_base_urls={f"{plugins[name].manifest.provider}_api_base_url": f"{providers_url}/{name}" for name in names},
        agents={name: {"owner": OWNER, "runtime": "echo", "escalation_contact": OWNER} for name in (AGENT, SPARE)},
    )
    mails = CapturedMailer()
    app, host = create_app(settings, Ports(agents=DemoAgent(), mailer=mails, http=http, plugins=plugins))
    simulators: dict[str, Simulator] = {}
    failed: dict[str, str] = {}
    for name in names:
        with apart(failed, name):
            simulators[name] = plugins[name].simulator(host.bindings.contexts.of(name))
    if not simulators:
        raise CommandFailed("No simulator starts:" + "".join(f"\n  {name}: {why}" for name, why in failed.items()))
    return Environment(host, Owner(http, url, AGENT, token), mails, simulators, providers_url, failed), app
