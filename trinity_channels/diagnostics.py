"""The questions about a whole installation, each answered by a finding with its fix."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from trinity_channels.access.directory import LocalDirectory
from trinity_channels.agent_name import RULE, fits_addresses
from trinity_channels.agents.probe import probe
from trinity_channels.api import ChannelError, Check, CheckState, FixAction, ProviderUnavailable
from trinity_channels.authorisation import administrator
from trinity_channels.bindings.public_address import IN_THE_APPLICATION, Probed, PublicAddress
from trinity_channels.bindings.refusals import NotConnected
from trinity_channels.crypto.key_ring import key_file
from trinity_channels.crypto.vault import VaultError
from trinity_channels.host import Host
from trinity_channels.per_loop import PerLoop
from trinity_channels.principal import Principal
from trinity_channels.role import Role
from trinity_channels.store import bindings, turns
from trinity_channels.store.bindings import StoredBinding
from trinity_channels.store.turns import FailedTurn
from trinity_channels.visible import cleaned_name

AT_ONCE = 8
"""Providers and agents that are asked at the same time."""
SHOWN = 10
"""Agents of an application that a finding names."""
_OF_PROCESSES = ("stopping", "schema", "news", "workers")
_DOES = {
    Role.BOTH: "This process receives messages and answers them.",
    Role.WEB: "This process receives messages, and another one that answers them was heard of.",
    Role.WORKER: "This process answers messages that others receive.",
}
_TOLD_ELSEWHERE = ("public_chat_url", "webhook_path", "mail")


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings about one part of an installation: of an account, `agent` and `channel` say which."""

    title: str
    checks: tuple[Check, ...]
    agent: str = ""
    channel: str = ""


class Diagnostics:
    """Examines a host. `prove` sends the probes of the way in; None for a host that does not run."""

    def __init__(self, host: Host, prove: Callable[[], Awaitable[Sequence[Probed]]] | None) -> None:
        self._host = host
        self._prove = prove
        self._slots = PerLoop(lambda: asyncio.Semaphore(AT_ONCE))

    async def examine_for(self, principal: Principal) -> list[Findings]:
        """The same for an administrator.

        Raises:
            Refusal: the principal is none.
            StoreError: the database cannot be used.
        """
        administrator(principal)
        return await self.examine()

    async def examine(self) -> list[Findings]:
        """Everything that can be found out without writing to anyone; takes as long as the slowest provider.

        Only a running host can prove the way in, for its probe has to arrive somewhere.

        Raises:
            StoreError: the database cannot be used.
        """
        host = self._host
        every = await host.store.read(bindings.every)
        connected = [one for one in every if one.connected]
        parked = await host.store.read(turns.failed)
        accounts = asyncio.gather(*(self._account(one) for one in connected))
        # At the same time: each of them waits for servers of others.
        way_in, agents, found = await asyncio.gather(self._way_in(connected), self._agents(connected), accounts)
        return [
            Findings("Storage", (self._database(), self._keys(), await self._locked())),
            *await self._processes(),
            Findings("Channels", tuple(self._plugins())),
            Findings("Way in", (*way_in, await self._unknown())),
            Findings("Mail", (self._mail(),)),
            Findings("Agents", tuple(agents)),
            Findings("Work", (_parked(parked),)),
            *found,
        ]

    async def _processes(self) -> list[Findings]:
        """What the process that is asked says of itself and the others, where there can be others."""
        if self._prove is None or not self._host.store.shared:
            return []
        checks = [one for one in (await self._host.readiness.look()).checks if one.code in _OF_PROCESSES]
        return [Findings("Processes", tuple(checks) or (Check("process", CheckState.OK, _DOES[self._host.role]),))]

    def _database(self) -> Check:
        return Check(
            "database", CheckState.OK, f"The database {self._host.store.name} opens; its schema is up to date."
        )

    def _keys(self) -> Check:
        if self._host.settings.credential_encryption_key:
            return Check(
                "keys", CheckState.OK, "Secrets are encrypted with TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY."
            )
        file = key_file(self._host.settings.home)
        return Check(
            "keys", CheckState.OK, f"Secrets are encrypted with the key in {file}: back it up with the database."
        )

    async def _locked(self) -> Check:
        _, locked = await self._host.bindings.locked()
        if not locked:
            return Check("key_ring", CheckState.OK, "The key of every connected account is there.")
        named = ", ".join(f"{one.agent} on {self._host.plugins.title(one.channel)}" for one in locked)
        return Check(
            "key_ring",
            CheckState.FAILED,
            f"The encryption key is lost for {named}: nothing is received or sent there.",
            "Add the former key to TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY, after the newest one, or connect these "
            "accounts again.",
        )

    def _plugins(self) -> Iterator[Check]:
        plugins = self._host.plugins
        for name in plugins:
            ready = f"{name} {plugins[name].version} is ready."
            if warnings := " ".join(plugins[name].warnings):
                fix = "Upgrade trinity_channels or the plugin when you can: the plugin works, but for what is ignored."
                yield Check("plugin", CheckState.WARNING, f"{ready} {warnings}", fix)
            else:
                yield Check("plugin", CheckState.OK, ready)
        for one in plugins.unavailable:
            fix = "Correct, upgrade or uninstall this plugin; the other channels work without it."
            yield Check("plugin", CheckState.FAILED, f"{one.name} {one.version} cannot be used: {one.reason}", fix)
        if not list(plugins) and not plugins.unavailable:
            yield Check("plugin", CheckState.FAILED, "No channel is installed.", "Install a channel's plugin.")

    async def _way_in(self, connected: Sequence[StoredBinding]) -> list[Check]:
        by_webhook = [one for one in connected if not one.listens]
        if connected and not by_webhook:
            return [Check("public_chat_url", CheckState.OK, "No connected account needs a public address.")]
        named = _public_address(self._host.address, needed=bool(by_webhook))
        if self._host.address.value is None:
            return [named]
        if self._prove is None:
            message = "Whether providers reach this host is not known: a probe of the way in needs the running server."
            return [
                named,
                Check("way_in", CheckState.UNKNOWN, message, "Ask again while it runs."),
            ]
        probed = await self._prove()
        return [named, *_legs(probed)]

    async def _unknown(self) -> Check:
        number = await self._host.unknown_webhooks.last_day()
        code = "unknown_webhooks"
        if not number:
            return Check(code, CheckState.OK, "No request came to an unknown webhook address in the last day.")
        one = "1 request" if number == 1 else f"{number} requests"
        fix = "If a provider sends them, enter the agent's present webhook address there; nothing of them is kept."
        return Check(code, CheckState.WARNING, f"{one} to unknown webhook addresses in the last day.", fix)

    def _mail(self) -> Check:
        if self._host.mailer is None:
            message = "No mailer is set up, so signing in with /login is not possible."
            return Check(
                "mail", CheckState.WARNING, message, "Set TRINITY_CHANNELS_SMTP_URL and TRINITY_CHANNELS_MAIL_FROM."
            )
        return Check("mail", CheckState.OK, "A mailer is set up; no mail is sent to try it.")

    async def _agents(self, connected: Sequence[StoredBinding]) -> list[Check]:
        found = await self._known_agents()
        try:
            names = await self._host.directory.agents(None)
        except Exception as error:  # noqa: BLE001  an application's Directory may be anyone's code
            if found:  # the platform's: it is told that it cannot be asked
                return found
            message = f"The application cannot say which agents there are ({type(error).__name__})."
            return [
                Check("agents", CheckState.FAILED, message, "Correct the application's Directory; its log says more.")
            ]
        if not found:
            named = ", ".join(cleaned_name(one) for one in names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
            state = CheckState.OK if names else CheckState.WARNING
            found = [Check("agents", state, f"The application has {len(names)} agents: {named or 'none'}.")]
        return [*found, *_without_address(names), *_gone(connected, names, self._host.plugins.title)]

    async def _known_agents(self) -> list[Check]:
        """What is told of the agents of the settings or of the platform; nothing of an application's own."""
        agents = self._host.agents.every()
        if self._host.trinity:
            from trinity_channels.access.trinity_rights import rights  # noqa: PLC0415  for hosts beside a platform

            return await rights(self._host.trinity.accounts, agents)
        if not isinstance(self._host.directory, LocalDirectory):
            return []
        if not agents:
            fix = "Add a table [agents.<name>] to a file, and name that file in TRINITY_CHANNELS_CONFIG."
            return [Check("agents", CheckState.WARNING, "No agent is configured.", fix)]
        return await asyncio.gather(*(self._agent(name) for name in agents))

    async def _agent(self, name: str) -> Check:
        async with self._slots.current:
            return await probe(name, self._host.agents.every()[name], self._host.platform, self._host.http)

    async def _account(self, stored: StoredBinding) -> Findings:
        host = self._host
        title = f"{stored.agent} on {host.plugins.title(stored.channel)}"
        if stored.channel not in host.plugins:
            fix = "Install the plugin again, or disconnect the agent."
            message = f"The plugin of {stored.channel} is not usable."
            return Findings(title, (Check("plugin", CheckState.FAILED, message, fix),))
        health = (await host.reports.of(stored)).health
        # What concerns the whole host is told once, not with every account.
        known = [check for check in health.checks if check.code not in _TOLD_ELSEWHERE]
        async with self._slots.current:
            return Findings(title, (*known, *await self._live(stored)), stored.agent, stored.channel)

    async def _live(self, stored: StoredBinding) -> Sequence[Check]:
        try:
            return (await self._host.connections.verify(stored.agent, stored.channel)).checks
        except (NotConnected, VaultError):  # the first needs no words, the second has them above
            return ()
        except ProviderUnavailable as error:
            fix = (
                "Let this machine reach the provider (network, firewall, DNS), or wait until the provider works again."
            )
            return [Check("verify", CheckState.FAILED, f"The account was not checked: {error.message}", fix)]
        except ChannelError as error:
            fix = "Correct the account's settings: connect the agent again."
            return [Check("verify", CheckState.FAILED, f"The provider says: {error.message}", fix)]


def _public_address(address: PublicAddress, *, needed: bool) -> Check:
    """Which address counts. A stored one wins over the settings, so that changing those may have no effect."""
    code, state = "public_chat_url", CheckState.FAILED if needed else CheckState.WARNING
    set_by_api = "PUT /api/settings/public_chat_url"
    ignored = f"the {address.ignored} of the settings (TRINITY_CHANNELS_PUBLIC_CHAT_URL) does not count"
    if address.value is None and address.ignored:
        message = f"public_chat_url was emptied by API, and {ignored}: there are no webhook URLs."
        return Check(code, state, message, f"{set_by_api} with the address while the server runs.")
    if address.value is None:
        message = "public_chat_url is not set: there are no webhook URLs. Agents get only what this host fetches."
        fix = f"Set TRINITY_CHANNELS_PUBLIC_CHAT_URL, or {set_by_api} while the server runs."
        return Check(code, state, message, IN_THE_APPLICATION if address.given else fix)
    if address.ignored:
        message = f"public_chat_url is {address.value}, which was stored by API; {ignored}."
        fix = f"{set_by_api} with the address that is to count, or make the settings say the same."
        return Check(code, CheckState.WARNING, message, fix)
    return Check(code, CheckState.OK, f"public_chat_url is {address.value}.")


def _legs(probed: Sequence[Probed]) -> Iterator[Check]:
    """One line for each way in that works, and each leg that does not once: channels share most of them."""
    told: set[str] = set()
    for one in probed:
        for check in one.checks if one.failure else (_proven(one), *one.checks):
            is_news = check.state is not CheckState.UNKNOWN and check.message not in told
            # Of a way that works one line is enough; of one that does not, every leg helps.
            if is_news and (one.failure or check.code == "way_in" or check.state is not CheckState.OK):
                told.add(check.message)
                yield _at(one, check) if check is one.failure else check


def _proven(probed: Probed) -> Check:
    found = next(one.message for one in probed.checks if one.code == "unchanged")
    message = f"A signed probe to {probed.url}… arrived at this host and was stored. {found}"
    return Check("way_in", CheckState.OK, message)


def _at(probed: Probed, failure: Check) -> Check:
    return Check(failure.code, failure.state, f"A probe to {probed.url}… failed. {failure.message}", failure.fix)


def _without_address(agents: Collection[str]) -> Iterator[Check]:
    unfit = [repr(name) for name in agents if not fits_addresses(name)]
    if unfit:
        named = ", ".join(unfit[:SHOWN]) + (", …" if len(unfit) > SHOWN else "")
        message = f"These agents are left out here, for their names cannot stand in addresses: {named}."
        yield Check("agents", CheckState.WARNING, message, f"Give them other names: one must have {RULE}.")


def _gone(connected: Sequence[StoredBinding], agents: Collection[str], title: Callable[[str], str]) -> Iterator[Check]:
    """Agents that are connected and no longer there: no other system says that one was renamed."""
    for name in dict.fromkeys(one.agent for one in connected if one.agent not in agents):
        channels = ", ".join(title(one.channel) for one in connected if one.agent == name)
        shown = cleaned_name(name)
        yield Check(
            "agents",
            CheckState.FAILED,
            f"{shown} is connected to {channels}, and there is no such agent any more: people who write are not answered.",
            f"If it was renamed, tell this host: trinity-channels agents rename {shown} NEW-NAME, or POST "
            "/api/settings/agent-renamed. If it was deleted for good: agents delete, or …/agent-deleted.",
        )


def _parked(parked: Sequence[FailedTurn]) -> Check:
    if not parked:
        return Check("parked", CheckState.OK, "No question waits for a decision.")
    agents = sorted({one.agent for one in parked})
    waiting = "1 question waits" if len(parked) == 1 else f"{len(parked)} questions wait"
    fix = "Have them answered after all, or give them up."
    newest = max(parked, key=lambda one: one.failed_at)
    message = (
        f"{waiting} for a decision, not answered by {', '.join(agents)}. The last reason: {newest.reason.rstrip('.')}."
    )
    return Check("parked", CheckState.FAILED, message, fix, (FixAction.SEE_FAILED_TURNS,))
