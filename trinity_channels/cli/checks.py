"""The questions `doctor` asks, each answered by a finding with its fix."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from trinity_channels.agents.probe import probe
from trinity_channels.api import ChannelError, Check, CheckState
from trinity_channels.app import Host, platform_of
from trinity_channels.bindings.connections import NotConnected
from trinity_channels.bindings.vault import VaultError
from trinity_channels.cli.desk import idle_host
from trinity_channels.settings import Settings, SettingsError
from trinity_channels.store import StoreError, bindings
from trinity_channels.store.bindings import StoredBinding

Group = tuple[str, list[Check]]
OTHERS = stat.S_IRWXG | stat.S_IRWXO


async def examine() -> list[Group]:
    """Everything there is to say; what cannot be looked at because something before it failed is left out."""
    try:
        settings = Settings.load()
    except SettingsError as error:
        return [("Settings", [Check("settings", CheckState.FAILED, line) for line in str(error).splitlines()])]
    groups = [("Settings", [Check("settings", CheckState.OK, "The settings can be read."), _home(settings.home)])]
    try:
        async with idle_host(settings) as host:
            groups.append(("Storage", [_database(host), _lock(host), _keys(host)]))
            groups += [
                ("Channels", list(_plugins(host))),
                ("Surroundings", [*_surroundings(host), await _unknown(host)]),
            ]
            groups.append(("Agents", await _agents(host)))
            for stored in await host.store.read(bindings.every):
                if stored.connected:
                    groups.append((f"{stored.agent} on {stored.channel}", await _binding(host, stored)))
    except (StoreError, VaultError) as error:
        groups.append(("Storage", [Check("storage", CheckState.FAILED, str(error))]))
    return groups


def _home(home: Path) -> Check:
    if not home.exists():
        return Check("home", CheckState.OK, f"The data folder {home} is made on first use.")
    if not os.access(home, os.W_OK | os.X_OK):
        return Check(
            "home",
            CheckState.FAILED,
            f"The data folder {home} cannot be written to.",
            "Give it to the user that runs the server, or set TRINITY_CHANNELS_HOME to another folder.",
        )
    if home.stat().st_mode & OTHERS:
        return Check(
            "home",
            CheckState.WARNING,
            f"The data folder {home} is open to other users of this machine.",
            f"Run `chmod 700 {home}`.",
        )
    return Check("home", CheckState.OK, f"The data folder is {home}.")


def _database(host: Host) -> Check:
    return Check("database", CheckState.OK, f"The database {host.store.path} opens and has the newest shape.")


def _lock(host: Host) -> Check:
    found = "A" if host.store.is_served() else "No"
    return Check("lock", CheckState.OK, f"{found} server is running on this database.")


def _keys(host: Host) -> Check:
    if host.settings.credential_encryption_key:
        return Check("keys", CheckState.OK, "Secrets are encrypted with CREDENTIAL_ENCRYPTION_KEY.")
    file = host.settings.home / "credentials.key"
    return Check("keys", CheckState.OK, f"Secrets are encrypted with the key in {file}: back it up with the database.")


def _plugins(host: Host) -> Iterator[Check]:
    for name in host.plugins:
        yield Check("plugin", CheckState.OK, f"{name} {host.plugins[name].version} is ready.")
    for one in host.plugins.unavailable:
        fix = "Correct, upgrade or uninstall this plugin; the other channels work without it."
        yield Check("plugin", CheckState.FAILED, f"{one.name} {one.version} cannot be used: {one.reason}", fix)
    if not list(host.plugins) and not host.plugins.unavailable:
        yield Check("plugin", CheckState.FAILED, "No channel is installed.", "Install a channel's plugin.")


async def _unknown(host: Host) -> Check:
    number = await host.unknown_webhooks.last_day()
    if not number:
        return Check(
            "unknown_webhooks", CheckState.OK, "No request came to an unknown webhook address in the last day."
        )
    one = "1 request" if number == 1 else f"{number} requests"
    return Check(
        "unknown_webhooks",
        CheckState.WARNING,
        f"{one} to unknown webhook addresses in the last day.",
        "If a provider sends them, enter the agent's present webhook address there; they are answered, and nothing is kept.",
    )


def _surroundings(host: Host) -> Iterator[Check]:
    yield _public_url(host.address.value)
    if host.mailer is None:
        message = "No mailer is set up, so nobody can sign in with /login."
        yield Check("mail", CheckState.WARNING, message, "Set SMTP_URL and MAIL_FROM.")
    else:
        yield Check("mail", CheckState.OK, "A mailer is set up; doctor sends no mail to try it.")


async def _agents(host: Host) -> list[Check]:
    agents, platform = host.settings.agents, platform_of(host.settings)
    if not agents:
        fix = "Add a table [agents.<name>] to a file, and name that file in TRINITY_CHANNELS_CONFIG."
        return [Check("agents", CheckState.WARNING, "No agent is configured.", fix)]
    return await asyncio.gather(*(probe(name, agent, platform, host.http) for name, agent in agents.items()))


def _public_url(value: str | None) -> Check:
    if value is None:
        message = "public_chat_url is not set: there are no webhook URLs, and no provider can reach your agents."
        fix = "Set PUBLIC_CHAT_URL, or PUT /api/settings/public_chat_url while the server runs."
        return Check("public_chat_url", CheckState.WARNING, message, fix)
    if value.startswith("http://"):
        message = f"public_chat_url is {value}, and providers deliver to https:// addresses."
        fix = "Put a certificate or a tunnel in front of this host and set the https:// address."
        return Check("public_chat_url", CheckState.WARNING, message, fix)
    return Check("public_chat_url", CheckState.OK, f"public_chat_url is {value}.")


async def _binding(host: Host, stored: StoredBinding) -> list[Check]:
    if stored.channel not in host.plugins:
        fix = "Install the plugin again, or disconnect the agent."
        return [Check("plugin", CheckState.FAILED, f"The plugin of {stored.channel} is not usable.", fix)]
    health = (await host.reports.of(stored)).health
    known = [check for check in health.checks if check.code not in ("public_chat_url", "mail")]
    return known + await _live(host, stored)


async def _live(host: Host, stored: StoredBinding) -> list[Check]:
    try:
        return list((await host.connections.verify(stored.agent, stored.channel)).checks)
    except NotConnected:
        return []
    except ChannelError as error:
        fix = "Correct the account's settings: connect the agent again."
        return [Check("verify", CheckState.FAILED, f"The provider says: {error.message}", fix)]
