"""The full report on one binding, connected or not, without its secrets. One service for the API, pages and MCP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trinity_channels.api import Channel, CheckState
from trinity_channels.authorisation import Authorisation
from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.given_settings import secret_names
from trinity_channels.bindings.health import Health
from trinity_channels.bindings.kept_checks import Verified
from trinity_channels.bindings.listening import Listening
from trinity_channels.bindings.public_address import Probed, PublicAddress
from trinity_channels.bindings.registry import Bindings
from trinity_channels.bindings.reports import HealthReports, Report
from trinity_channels.crypto.vault import VaultError
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.store.bindings import StoredBinding


@dataclass(frozen=True, slots=True)
class Connection:
    """What is connected, and whether it works.

    Attributes:
        display_name: what the provider calls the account.
        sender: the address that people see.
        account: what identifies the account at the provider.
        sandbox: whether it is the provider's sandbox.
        invitation: what people have to be told before they can write, empty if nothing.
        webhook_url: None without a public address, or if the key that opens it is lost.
        listens: whether this host fetches the messages; then there is no webhook URL.
        connection: how that works; None of a binding that receives by webhook.
        warning: what keeps the binding from working, with the fix; empty if nothing does.
        health: every finding.
        last_inbound: when a person last wrote to it.
        last_answered: when a question was last dealt with.
        secrets: names of the settings that are secret and stored.
        verified: what the provider said when it was last asked; None if it was not since the settings have changed.
        probed: what the newest probe through the public address found; None if there was none since the start.
    """

    display_name: str | None
    sender: str
    account: str
    sandbox: bool
    invitation: str
    webhook_url: str | None
    listens: bool
    connection: Listening | None
    warning: str
    health: Health
    last_inbound: datetime | None
    last_answered: datetime | None
    secrets: frozenset[str]
    verified: Verified | None
    probed: Probed | None


@dataclass(frozen=True, slots=True)
class BindingStatus:
    """An agent on a channel.

    Attributes:
        agent: its name.
        channel: the channel's name.
        settings: those that are not secret, None where unset.
        account: what the plugin shows of the account beside them (`Channel.account_fields`), None where unknown.
        groups: the group chats in which people have written; None on a channel that has none.
        connection: None without one.
    """

    agent: str
    channel: str
    settings: Mapping[str, Any]
    account: Mapping[str, str | None]
    groups: int | None
    connection: Connection | None


class BindingStatuses:
    """Makes them, from what is stored and set up; no provider is asked."""

    def __init__(
        self,
        *,
        connections: Connections,
        opened: Bindings,
        plugins: Plugins,
        address: PublicAddress,
        reports: HealthReports,
        may: Authorisation,
    ) -> None:
        self._connections = connections
        self._opened = opened
        self._plugins = plugins
        self._address = address
        self._reports = reports
        self._may = may

    @property
    def reachable(self) -> bool:
        """Whether the host has a public address."""
        return self._address.value is not None

    @property
    def address_given(self) -> bool:
        """Whether the application around the host sets it."""
        return self._address.given

    async def of(self, principal: Principal, agent: str, channel: str) -> BindingStatus:
        """The status of an agent on an installed channel, for its owner or an administrator.

        Raises:
            Refusal: the principal is neither.
        """
        await self._may.owner(principal, agent)
        manifest = self._plugins[channel].manifest
        stored = await self._connections.stored(agent, channel)
        # By what is not secret in the model: a field that is added later as a secret is left out without a list.
        public = [name for name in manifest.settings.model_fields if name not in secret_names(manifest)]
        if stored is None:
            groups = 0 if manifest.capabilities.groups else None
            return BindingStatus(agent, channel, dict.fromkeys(public), _account(manifest, {}), groups, None)
        settings = {name: stored.settings.get(name) for name in public}
        account = _account(manifest, stored.account.facts)
        report = await self._reports.of(stored)
        verified = await self._connections.verified(stored)
        connection = self._connection(stored, report, verified)
        return BindingStatus(agent, channel, settings, account, report.groups, connection)

    def _connection(self, stored: StoredBinding, report: Report, verified: Verified | None) -> Connection:
        webhook, locked = self._webhook(stored)
        failed = [check for check in report.health.checks if check.state is CheckState.FAILED]
        warnings = [*([locked] if locked else []), *stored.account.warnings]
        warnings += [f"{check.message} {check.fix}" for check in failed]
        return Connection(
            display_name=stored.account.display_name,
            sender=stored.account.sender,
            account=stored.account.key,
            sandbox=stored.account.sandbox,
            invitation=_invitation(self._plugins[stored.channel].manifest, stored),
            webhook_url=webhook,
            listens=stored.listens,
            connection=report.connection,
            warning=" ".join(warnings),
            health=report.health,
            last_inbound=report.last_inbound,
            last_answered=report.last_answered,
            secrets=frozenset(stored.secrets),
            verified=verified,
            probed=self._address.probed.get(stored.channel),
        )

    def _webhook(self, stored: StoredBinding) -> tuple[str | None, str | None]:
        """The webhook URL, or why it cannot be shown; neither of a binding that listens."""
        if stored.listens:
            return None, None
        try:
            return self._address.webhook(stored.channel, self._opened.secrets.webhook_key(stored).key), None
        except VaultError as error:
            return None, str(error)


def _account(manifest: Channel, facts: Mapping[str, str]) -> dict[str, str | None]:
    shown: dict[str, str | None] = {}
    for name, form in manifest.account_fields.items():
        try:
            shown[name] = form.format_map(facts)
        except KeyError:  # the account was connected by a version of the plugin that did not note it
            shown[name] = None
    return shown


def _invitation(manifest: Channel, stored: StoredBinding) -> str:
    fields = manifest.settings.model_fields
    # What is not entered is named, so that the person who copies the text sees what to put there.
    words = {name: stored.settings.get(name) or f"<{field.title or name}>" for name, field in fields.items()}
    told = (
        step.invitation.format_map(words)
        for step in manifest.setup_steps
        if step.invitation and step.sandbox in (None, stored.account.sandbox)
    )
    return " ".join(told)
