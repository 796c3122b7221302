"""What a fresh host needs until an agent has answered its first message, step by step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Literal

from trinity_channels.access.directory import Directory, agents_of
from trinity_channels.authorisation import administrator
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.plugins import Plugins
from trinity_channels.principal import Principal
from trinity_channels.public_url import leads_to_this_machine
from trinity_channels.store import Store, Tx, agent_runs, audit, bindings, settings
from trinity_channels.store.bindings import StoredBinding

_BACKED_UP = "key_backed_up"
"""The setting that keeps the id of the key of which an administrator has a copy."""


class StepCode(StrEnum):
    """The steps, in order."""

    CHANNELS = "channels"
    AGENT = "agent"
    ADDRESS = "public_chat_url"
    KEY = "key_backup"
    MAIL = "mail"
    CONNECTION = "connection"
    ANSWER = "first_answer"


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        code: which one.
        title: what is to be done.
        done: whether it is.
        message: how it is at the moment.
        fix: what to do; empty once it is done.
        required: whether no message is answered without it.
        agent: the agent that it concerns; empty if it concerns none.
        channel: the same for a channel.
    """

    code: StepCode
    title: str
    done: bool
    message: str
    fix: str = ""
    required: bool = True
    agent: str = ""
    channel: str = ""


@dataclass(frozen=True, slots=True)
class SetUpState:
    """All steps. It is finished with the first answer: from then on, what is missing is told where it hurts."""

    steps: tuple[Step, ...]

    @property
    def finished(self) -> bool:
        """Whether a message was ever answered."""
        return all(one.done for one in self.steps if one.code is StepCode.ANSWER)

    @property
    def missing(self) -> tuple[Step, ...]:
        """What is left, in order."""
        return tuple(one for one in self.steps if not one.done)


@dataclass(frozen=True, slots=True)
class Means:
    """What the host was started with.

    Attributes:
        mailer: whether mails can be sent.
        key: reads the id of the newest encryption key.
        key_file: where the host keeps that key itself; None if the settings name it.
        agents_from: where its agents come from: a settings file that can be read again, the platform, or the application
            around the host.
        token_variable: what the setting of the platform's token is called.
    """

    mailer: bool
    key: Callable[[], str]
    key_file: Path | None
    agents_from: Literal["file", "platform", "application"]
    token_variable: str


_ADD_AGENT = {
    "file": "Write a table [agents.name] with owner and runtime into the settings file, then take it over.",
    "platform": "Make an agent on the platform, or share one there with the account that {token} belongs to.",
    "application": "Add an agent to the application around this host.",
}


class SetUp:
    """Looks at what is there. Administrators only."""

    def __init__(
        self,
        store: Store,
        directory: Directory,
        plugins: Plugins,
        address: PublicAddress,
        means: Means,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._directory = directory
        self._plugins = plugins
        self._address = address
        self._means = means
        self._now = now

    async def of(self, principal: Principal) -> SetUpState:
        """All steps, in order.

        Raises:
            Refusal: the principal is not an administrator.
        """
        administrator(principal)
        agents = await agents_of(self._directory, None)
        every, backed_up, heard, answered = await self._store.read(_stored)
        connected = [one for one in every if one.connected and one.agent in set(agents)]
        wrote = next((one for one in every if one.id == heard), None)
        first = wrote or next(iter(connected), None)
        return SetUpState(
            (
                self._channels(),
                self._agent(agents),
                self._public_address(connected, arrives=wrote is not None and not wrote.listens),
                self._key(backed_up),
                self._mail(),
                self._connection(agents, connected),
                _answer(first, heard=heard is not None, answered=answered),
            )
        )

    async def confirm_key_backup(self, principal: Principal) -> None:
        """Note, on record, that there is a copy of the present key; a new key asks for one again.

        Raises:
            Refusal: the principal is not an administrator.
        """
        administrator(principal)
        now = self._now()

        def confirm(tx: Tx) -> None:
            settings.put(tx, _BACKED_UP, self._means.key())
            audit.add(tx, now, principal.actor, "confirm_key_backup", details={"key": self._means.key()})

        await self._store.write(confirm)

    def _channels(self) -> Step:
        titles = [self._plugins[name].manifest.title for name in self._plugins]
        title = "Install a channel"
        if titles:
            return Step(StepCode.CHANNELS, title, done=True, message=f"Ready: {', '.join(titles)}.")
        broken = ", ".join(one.name for one in self._plugins.unavailable)
        message = f"None of the installed channels can be used: {broken}." if broken else "No channel is installed."
        fix = "Install or correct a channel's plugin, then restart the host."
        return Step(StepCode.CHANNELS, title, done=False, message=message, fix=fix)

    def _agent(self, agents: list[str]) -> Step:
        title = "Name an agent"
        if agents:
            number = "One agent" if len(agents) == 1 else f"{len(agents)} agents"
            return Step(StepCode.AGENT, title, done=True, message=f"{number}: {_some(agents)}.")
        fix = _ADD_AGENT[self._means.agents_from].format(token=self._means.token_variable)
        return Step(StepCode.AGENT, title, done=False, message="There is no agent yet.", fix=fix)

    def _connection(self, agents: list[str], connected: list[StoredBinding]) -> Step:
        title = "Connect an agent to a channel"
        if connected:
            named = [f"{one.agent} on {self._plugins.title(one.channel)}" for one in connected]
            return Step(StepCode.CONNECTION, title, done=True, message=f"{_some(named)}.")
        message = "People write to an account at a messenger, and the agent answers there."
        fix = "Open an agent, choose a channel, and enter the credentials of your account. A provider's sandbox is enough."
        agent = agents[0] if len(agents) == 1 else ""
        return Step(StepCode.CONNECTION, title, done=False, message=message, fix=fix, agent=agent)

    def _public_address(self, connected: list[StoredBinding], *, arrives: bool) -> Step:
        """`arrives`: a provider has reached this host."""
        title = "Set the Public Chat URL"
        value, probed = self._address.value, self._address.probed.values()
        failure = next((one.failure for one in probed if one.failure), None)
        enter = "Enter the https:// address at which the internet reaches this host."
        if self._address.given:
            enter = "Set the https:// address at which the internet reaches this host in the application around it."
        if connected and not probed and all(one.listens for one in connected):
            message = "Not needed for what is connected: this host fetches the messages."
            return Step(StepCode.ADDRESS, title, done=True, message=message)
        if value is None:
            message = "Providers post messages to it; it is checked as soon as it is saved."
            fix = enter
            if any(self._plugins[name].listens for name in self._plugins):
                fix += " No such address? Connect a channel whose messages this host fetches; it needs none."
            return Step(StepCode.ADDRESS, title, done=False, message=message, fix=fix)
        if failure:
            return Step(StepCode.ADDRESS, title, done=False, message=failure.message, fix=failure.fix)
        message = f"{value}."
        if value.startswith("http://") and not leads_to_this_machine(value):
            message = f"{value} is not encrypted, and providers deliver to https:// addresses only."
            return Step(StepCode.ADDRESS, title, done=False, message=message, fix=enter)
        if not probed and not arrives and not leads_to_this_machine(value):
            message = f"{value} was not checked yet."
            fix = "Check it under Settings → Public Chat URL: a signed probe shows whether it leads to this host."
            return Step(StepCode.ADDRESS, title, done=False, message=message, fix=fix)
        if leads_to_this_machine(value):
            message = f"{value}, which only a simulator on this machine can reach."
        return Step(StepCode.ADDRESS, title, done=True, message=message)

    def _key(self, backed_up: str | None) -> Step:
        title, file = "Back up the encryption key", self._means.key_file
        if file is None:
            message = (
                "It comes from TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY; keep it wherever you keep your settings."
            )
            return Step(StepCode.KEY, title, done=True, message=message, required=False)
        if backed_up == self._means.key():
            message = f"You have a copy of {file}."
            return Step(StepCode.KEY, title, done=True, message=message, required=False)
        message = (
            f"The key in {file} decrypts the credentials of your channels. A backup of the database is incomplete "
            "without it."
        )
        fix = "Copy the file to a safe place other than the backup of the database, then confirm it here."
        return Step(StepCode.KEY, title, done=False, message=message, fix=fix, required=False)

    def _mail(self) -> Step:
        title = "Set up mail"
        if self._means.mailer:
            message = "People can sign in with /login, and owners get mails about requests."
            return Step(StepCode.MAIL, title, done=True, message=message, required=False)
        message = "Without it people cannot verify an e-mail: only agents that are open to everyone answer."
        fix = "Set TRINITY_CHANNELS_SMTP_URL and TRINITY_CHANNELS_MAIL_FROM, then restart the host."
        return Step(StepCode.MAIL, title, done=False, message=message, fix=fix, required=False)


def _stored(tx: Tx) -> tuple[list[StoredBinding], str | None, int | None, bool]:
    """Every binding, the key that was backed up, the first binding that was written to, whether one has answered."""
    every = bindings.every(tx)
    heard = next((one.id for one in every if bindings.last_inbound(tx, one.id)), None)
    answered = any(agent_runs.answered_at(tx, one.id) for one in every)
    return every, settings.get(tx, _BACKED_UP), heard, answered


def _answer(first: StoredBinding | None, *, heard: bool, answered: bool) -> Step:
    title = "Get the first answer"
    if answered:
        return Step(StepCode.ANSWER, title, done=True, message="A message was answered.")
    if first is None:
        return Step(StepCode.ANSWER, title, done=False, message="Write to the agent from your phone.")
    if heard:
        message = f"A message to {first.agent} has arrived, and was not answered yet."
        fix = "Where access is restricted, its sender verifies an e-mail with /login, and you approve the request."
    else:
        message = f"No message to {first.agent} has arrived yet."
        sender = first.account.sender.removeprefix(f"{first.channel}:")
        fix = f"Write to {sender} from your phone; the channel's page shows how far the message gets."
    return Step(StepCode.ANSWER, title, done=False, message=message, fix=fix, agent=first.agent, channel=first.channel)


def _some(names: list[str]) -> str:
    """A few of many names."""
    few = 3
    more = len(names) - few
    return ", ".join(names[:few]) + (f" and {more} more" if more > 0 else "")
