"""What pages show of an agent on a channel: one sentence of state, what needs attention, and the facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from trinity_channels.api import Check, CheckState, SetupStep
from trinity_channels.bindings.fix_actions import commands
from trinity_channels.bindings.status import BindingStatus, Connection
from trinity_channels.plugins import Plugin
from trinity_channels.web.pages.channel_lamps import UNSENT, Lamp, lamps
from trinity_channels.web.pages.fix_buttons import Button, Place, buttons
from trinity_channels.web.pages.linked import linked
from trinity_channels.web.pages.visit import Visit

_KEPT = 4
"""Characters of an account's id that are shown on either side."""


@dataclass(frozen=True, slots=True)
class Attention:
    """One finding, with its cause and more about it, its fix, the buttons that help, and the commands that do the same."""

    cause: str
    detail: str
    fix: str
    grave: bool
    buttons: list[Button]
    commands: list[str]


class ChannelView:
    """An agent on a channel, for templates.

    Attributes:
        status: what is stored and known of it.
        manifest: the channel.
        visit: who looks.
        address_given: whether the application around the host sets the public address.
    """

    def __init__(self, visit: Visit, status: BindingStatus, plugin: Plugin, *, reachable: bool, given: bool) -> None:
        """`reachable`: the host has a public address; `given`: the application around it sets that."""
        self.visit = visit
        self.status = status
        self.manifest = manifest = plugin.manifest
        self._plugin = plugin
        self._reachable = reachable
        self.address_given = given
        self._place = Place(status.agent, manifest.name, visit.is_admin)

    @property
    def name(self) -> str:
        """The channel's name, which is also the anchor of its section."""
        return self.manifest.name

    @property
    def title(self) -> str:
        """What people call the channel."""
        return self.manifest.translated(self.manifest.title, self.visit.languages)

    def worded(self, text: str) -> Markup:
        """A text of the manifest in the reader's language, marked as such for screen readers, and with links."""
        for one in self.visit.languages:
            told = self.manifest.translated(text, [one])
            if told != text:
                return Markup('<span lang="{}">{}</span>').format(one, linked(told))
            if one.partition("-")[0].lower() == "en":
                break
        return linked(text)

    @property
    def agent(self) -> str:
        """The agent."""
        return self.status.agent

    @property
    def at(self) -> Connection | None:
        """What is connected."""
        return self.status.connection

    @property
    def has_ways(self) -> bool:
        """Whether the owner can choose how messages come."""
        return self._plugin.receives and self._plugin.listens

    @property
    def listens(self) -> bool:
        """Which way the form offers first: the present one, else the one that works with this host."""
        return self.at.listens if self.at else self._plugin.listens and not (self._reachable and self._plugin.receives)

    @property
    def has_webhook(self) -> bool:
        """Whether messages of what is connected come by webhook."""
        return self.at is not None and not self.at.listens

    @property
    def can_register(self) -> bool:
        """Whether the webhook of what is connected can be set at the provider."""
        return (
            self.has_webhook
            and self.at is not None
            and self.manifest.capabilities.can_register(sandbox=self.at.sandbox)
        )

    @property
    def takes_back(self) -> bool:
        """Whether the webhook is removed at the provider when the account is disconnected."""
        return self.has_webhook and self.manifest.capabilities.unregister_webhook

    @property
    def registers_unasked(self) -> bool:
        """Whether it is set at the provider as soon as it changes."""
        return (
            self.has_webhook
            and self.at is not None
            and self.manifest.capabilities.registers_unasked(sandbox=self.at.sandbox)
        )

    @property
    def path(self) -> str:
        """The page of this channel; everything that can be done here lies below."""
        return self._place.channel_path

    @property
    def api(self) -> str:
        """The routes of the API for the same."""
        return f"/api/agents/{quote(self.agent, safe='')}/{self.name}"

    @property
    def agent_api(self) -> str:
        """The routes of the API for the agent."""
        return f"/api/agents/{quote(self.agent, safe='')}"

    @property
    def badge(self) -> tuple[str, str]:
        """The kind and the word of the badge beside the title."""
        if self.at is None:
            return "", "Not connected"
        if self.attention:
            return "failed" if any(one.grave for one in self.attention) else "attention", "Needs attention"
        return ("queued", "Connecting") if self._connects else ("connected", "Connected")

    @property
    def _connects(self) -> bool:
        """Whether the connection over which messages are fetched is being made."""
        way = self.at.connection if self.at else None
        return way is not None and not way.connected_since and not any(one.kind == "bad" for one in self.lamps)

    @property
    def quiet(self) -> bool:
        """Whether it is connected and needs nothing, so that its sentence of state is enough."""
        return self.at is not None and not self.attention and self.at.last_inbound is not None

    @property
    def state(self) -> Markup:
        """One sentence: whether messages come in, and when the last ones came and went."""
        at = self.at
        if at is None:
            return Markup("People cannot reach {} on {} yet.").format(self.agent, self.title)
        broken = next((one for one in lamps(at, self.visit.ago) if one.kind == "bad"), None)
        if at.last_inbound is None:
            if broken:
                return Markup("Connected, but not receiving: {}.").format(broken.clause)
            return Markup("{}. No message has arrived yet.").format("Connecting" if self._connects else "Connected")
        last = Markup("Last message {}").format(self.visit.ago(at.last_inbound))
        # An answer that was not sent reached no one.
        if at.last_answered and (broken is None or broken.text != UNSENT):
            last += Markup(", last answer {}").format(self.visit.ago(at.last_answered))
        if broken is None:
            return Markup("{}. {}.").format("Connecting" if self._connects else "Receiving", last)
        if broken.name == "Answered":
            return Markup("Receiving, but not answering: {}. {}.").format(broken.clause, last)
        return Markup("Not receiving: {}. {}.").format(broken.clause, last)

    @property
    def lamps(self) -> list[Lamp]:
        """The way of a message."""
        return lamps(self.at, self.visit.ago) if self.at else []

    @property
    def attention(self) -> list[Attention]:
        """Everything that someone has to look at, the gravest first."""
        return sorted(self._attention(), key=lambda one: not one.grave)

    def _attention(self) -> Iterator[Attention]:
        for check in self._findings():
            # The first sentence is the cause; a paragraph in bold would hide it.
            cause, stop, detail = check.message.partition(". ")
            grave = check.state is CheckState.FAILED
            helps = buttons(check.actions, self._place)
            named = commands(check.actions, self.agent, self.name)
            yield Attention(cause + stop.rstrip(), detail, check.fix, grave, helps, named)

    def _findings(self) -> Iterator[Check]:
        """The checks that have something for the owner to do."""
        if self.at is None:
            return
        seen: list[str] = []
        verified = self.at.verified.checks if self.at.verified else ()
        for check in (*self.at.health.checks, *verified):
            # What the provider said may be the cause within a finding of the host's.
            if _needs_someone(check, verified) and not any(check.message in one for one in seen):
                seen.append(check.message)
                yield check

    @property
    def untold_error(self) -> str:
        """Why the connection over which messages are fetched fails; empty if a finding says it already."""
        way = self.at.connection if self.at else None
        error = way.error if way else ""
        return error if error and not any(error in check.message for check in self._findings()) else ""

    @property
    def commands(self) -> list[str]:
        """The commands that do what the buttons beside the findings do."""
        return list(dict.fromkeys(command for one in self.attention for command in one.commands))

    @property
    def account(self) -> str:
        """What identifies the account, shortened: enough to recognise it, too little to use it."""
        key = self.at.account if self.at else ""
        return f"{key[:_KEPT]}…{key[-_KEPT:]}" if len(key) > 3 * _KEPT else key

    @property
    def uninvited(self) -> str:
        """What is missing in the invitation: the title of a setting, empty if none is."""
        fields = self.manifest.settings.model_fields
        text = self.at.invitation if self.at else ""
        return next((field.title for field in fields.values() if field.title and f"<{field.title}>" in text), "")

    @property
    def route(self) -> str:
        """What a tunnel or proxy has to pass on."""
        return f"/api/{self.name}/webhook/*"

    def path_of(self, step: SetupStep) -> list[Markup]:
        """The way through the provider's menus to a step."""
        return [self.worded(one) for one in step.path]

    def steps(self, *, sandbox: bool) -> list[SetupStep]:
        """What an owner does at the provider, in any way of receiving messages."""
        return [step for step in self.manifest.setup_steps if step.sandbox in (None, sandbox)]

    @property
    def left_to_do(self) -> list[SetupStep]:
        """What is left to do there once the account is connected."""
        at = self.at
        return self.manifest.left_to_do(sandbox=at.sandbox, listens=at.listens) if at else []

    @property
    def has_sandbox(self) -> bool:
        """Whether the provider has a sandbox, which is set up in another way."""
        return any(step.sandbox is not None for step in self.manifest.setup_steps)


def _needs_someone(check: Check, verified: Sequence[Check]) -> bool:
    """Whether a finding has something for the owner to do."""
    if check.state in (CheckState.FAILED, CheckState.WARNING):
        return True
    # Whether it still does harm is not known, but it is known what to do; unless the provider itself says where it posts to.
    waits = check.state is CheckState.UNKNOWN and check.code == "webhook_address"
    return waits and not any(one.code == "webhook" and one.state is CheckState.FAILED for one in verified)
