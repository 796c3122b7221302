"""Is a binding healthy? What can be told without asking the provider, each finding with its cause and its fix."""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.api import Check, CheckState
from trinity_channels.bindings.checks import answering, noticed, people, receiving, sending
from trinity_channels.bindings.checks.connection import connection
from trinity_channels.bindings.checks.known import Known


@dataclass(frozen=True, slots=True)
class Health:
    """`state` is ok, waiting (nothing has arrived yet) or attention; `checks` say why."""

    state: str
    checks: tuple[Check, ...]


def examine(known: Known) -> Health:
    """Look at everything that is known of a connected binding, in the order of a message's way."""
    checks = (
        receiving.opened(known),
        *_way_in(known),
        answering.agent(known),
        *answering.left(known),
        sending.outbound(known),
        people.mail(known),
        *people.sharing(known),
        *noticed.alerted(known),
        sending.host_messages(known),
        *noticed.told(known),
        *people.escalation(known),
    )
    states = {check.state for check in checks}
    # A warning counts, too: someone has to look.
    if CheckState.FAILED in states or CheckState.WARNING in states:
        return Health("attention", checks)
    return Health("waiting" if CheckState.UNKNOWN in states else "ok", checks)


def _way_in(known: Known) -> tuple[Check, ...]:
    if known.connection is not None:
        return connection(known, known.connection), receiving.inbound(known)
    return (
        receiving.public_url(known),
        receiving.webhook_path(known),
        receiving.inbound(known),
        receiving.signature(known),
        *receiving.webhook_to_set(known),
        receiving.webhook_address(known),
    )
