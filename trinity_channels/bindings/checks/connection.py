"""Can messages be fetched? The connection of a binding that listens."""

from __future__ import annotations

from datetime import timedelta

from trinity_channels.api import Check, CheckState, FixAction
from trinity_channels.bindings.checks.known import Known, spoken
from trinity_channels.bindings.listening import Listening

PATIENCE = timedelta(minutes=5)
"""How long a connection fails before that is more than a passing trouble."""


def connection(known: Known, at: Listening) -> Check:
    """Whether the connection to the provider stands, and when it is tried again."""
    title = known.manifest.title
    if at.connected_since:
        return Check(
            "connection",
            CheckState.OK,
            f"Connected to {title} since {spoken(at.connected_since)}: messages are fetched.",
        )
    if not at.error:
        return Check(
            "connection",
            CheckState.UNKNOWN,
            f"The connection to {title} is not made yet.",
            "It is made within seconds, if a process runs that does the host's work.",
        )
    again = f" The next attempt is at {spoken(at.next_try)}." if at.next_try else " The next attempt is being made now."
    since = f" since {spoken(at.failing_since)}" if at.failing_since else ""
    message = f"No messages have been fetched from {title}{since}: {at.error}"
    if at.refused:
        fix = f"Once that is corrected, enter what has changed in the settings, and save.{again}"
        return Check("connection", CheckState.FAILED, message, fix, (FixAction.EDIT,))
    if at.unattended:
        fix = "Start a process that does the host's work, `serve` or `worker`; see in its log why it does not listen."
        return Check("connection", CheckState.FAILED, message, fix)
    lasts = at.failing_since is not None and known.now - at.failing_since >= PATIENCE
    fix = f"Check {title}'s status page, and that this host reaches the internet.{again}"
    return Check("connection", CheckState.FAILED if lasts else CheckState.WARNING, message, fix, (FixAction.VERIFY,))
