"""`audit`: who did what, from the audit log."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import Annotated

import typer

from trinity_channels.cli.terminal import say


def audit(
    *,
    agent: Annotated[str, typer.Option("--agent", metavar="NAME", help="Only what concerns this agent.")] = "",
    action: Annotated[str, typer.Option("--action", metavar="ACTION", help="Only this action, as listed.")] = "",
    since: Annotated[
        str, typer.Option("--since", metavar="WHEN", help="A date, a time in UTC, or how long ago: 90m, 24h, 7d.")
    ] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many entries at most.")] = 50,
) -> None:
    """List who did what, newest first: connected, shared, decided, signed in, sent again."""
    from trinity_channels.cli import offline, tables
    from trinity_channels.cli.since import since as parse_since
    from trinity_channels.ports import utc_now
    from trinity_channels.settings import StandaloneSettings
    from trinity_channels.store import Tx, audit_names
    from trinity_channels.store import audit as log
    from trinity_channels.web.audit_sentences import line

    start = parse_since(since, utc_now())
    # A misspelled action would look like one that never happened.
    if action and action not in log.ACTIONS:
        listed = ", ".join(log.ACTIONS)
        raise typer.BadParameter(f"Unknown action {action!r}. Actions: {listed}.", param_hint="--action")

    def read(tx: Tx) -> list[audit_names.Told]:
        found = log.entries(tx, agent or None, action=action or None, since=start, most=limit)
        return audit_names.told(tx, found)

    found = offline.with_store(lambda store: store.read(read))
    if not found:
        if agent:  # what concerned an agent that was removed can still be looked at
            offline.known_agent(StandaloneSettings.load(), agent)
        say("The audit log holds nothing of the kind.")
        return
    told = [(one.entry, line(one, str)) for one in found]
    rows = [
        (f"{one.at:%Y-%m-%d %H:%M:%S}", words.who, one.action, one.agent, one.channel, words.what)
        for one, words in told
    ]
    tables.show(("at (UTC)", "who", "action", "agent", "channel", "what was done"), rows)
