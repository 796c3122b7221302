"""What is known of a connected binding without asking its provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from trinity_channels.api import Channel
from trinity_channels.bindings.listening import Listening
from trinity_channels.bindings.public_address import Probed
from trinity_channels.store.agent_runs import AgentRuns
from trinity_channels.store.alerts import Alert
from trinity_channels.store.bindings import StoredBinding
from trinity_channels.store.delivery_log import Sent
from trinity_channels.store.notices import Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The facts that the checks look at.

    Attributes:
        stored: the binding.
        manifest: its channel.
        locked: why its secrets cannot be opened, empty if they can.
        public_url: where providers reach this host; None if that is not set.
        simulated: whether the settings put a simulator on this machine in the provider's place.
        probed: what the newest probe through the public address found; None if there was none since the start.
        last_inbound: when a person last wrote.
        runs: what became of the agent's runs.
        now: the current time.
        mails: whether codes for /login can be mailed.
        open_to_all: whether the agent is open to all.
        escalates: whether the agent has an escalation contact.
        unseen_shares: why it is not known whom the agent is shared with, empty if it is.
        last_test: the newest test message, if there is one.
        alerted: the open alerts about it.
        told: what the owner has to act on, of the last day.
        old_address: since when a webhook address that still works is replaced, and until when it works; None if none does.
        public_url_changed_at: since when the public address is this one; None if it was never another one.
        webhook_set_at: when the provider was last told our webhook address on request; None if it never was.
        connection: how the connection is of a binding that listens; None of one that receives by webhook.
        connected_at: when the settings were last entered; None if that is not known any more.
    """

    stored: StoredBinding
    manifest: Channel
    locked: str
    public_url: str | None
    simulated: bool
    probed: Probed | None
    last_inbound: datetime | None
    runs: AgentRuns = field(repr=False)
    now: datetime
    mails: bool
    open_to_all: bool
    escalates: bool
    unseen_shares: str = field(repr=False)
    last_test: Sent | None
    alerted: Sequence[Alert]
    told: Sequence[Notice]
    old_address: tuple[datetime, datetime] | None
    public_url_changed_at: datetime | None
    webhook_set_at: datetime | None
    connected_at: datetime | None
    connection: Listening | None


def spoken(at: datetime) -> str:
    """A time as the checks tell it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"
