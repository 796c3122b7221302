"""`failed`: turns that no attempt could answer, and another try for one of them."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from trinity_channels.cli.terminal import say

if TYPE_CHECKING:
    from datetime import datetime

    from trinity_channels.store import Store
    from trinity_channels.store.turns import FailedTurn

app = typer.Typer(help="List the questions that could not be answered, try one again, or give it up.")


@app.callback(invoke_without_command=True)
def failed(ctx: typer.Context) -> None:
    """List the questions that could not be answered."""
    if ctx.invoked_subcommand is not None:
        return
    from trinity_channels.cli import offline, tables

    found, retried = offline.with_store(_found)
    if retried:
        one = "1 question that failed is" if retried == 1 else f"{retried} questions that failed are"
        say(f"{one} tried again and not listed yet; `trinity-channels agents` shows why.")
    if not found:
        say("No question waits for a decision." if retried else "No question has failed.")
        return
    rows = [
        (
            one.id,
            one.agent,
            one.channel,
            one.messages,
            one.attempts,
            offline.moment(one.failed_at),
            f"{until:%Y-%m-%d}" if until else "unknown",
            one.reason,
        )
        for one, until in found
    ]
    tables.show(("id", "agent", "channel", "messages", "attempts", "failed at", "kept until", "reason"), rows)
    say("\nTry one again with `trinity-channels failed resubmit ID`, or give it up with `failed forget ID`.")


async def _found(store: Store) -> tuple[list[tuple[FailedTurn, datetime | None]], int]:
    """The failed turns, until when each has its texts (None: not known), and how many more are tried again."""
    from trinity_channels.access.directory import LocalDirectory
    from trinity_channels.agents.table import AgentTable
    from trinity_channels.authorisation import Authorisation
    from trinity_channels.limits import Limits, LimitValues
    from trinity_channels.owner_settings import OwnerSettings
    from trinity_channels.ports import utc_now
    from trinity_channels.retention.periods import RetentionPeriods
    from trinity_channels.settings import SettingsError, StandaloneSettings
    from trinity_channels.store import Tx, agent_runs, bindings, turns

    try:
        settings = StandaloneSettings.load()
        agents = AgentTable(settings.agents)
        may = Authorisation(LocalDirectory(store, agents, utc_now))
        owner_settings = OwnerSettings(store, may, utc_now)
        limits = Limits(store, LimitValues.of(settings), utc_now)
        await limits.load()
        periods = RetentionPeriods(owner_settings, limits, agents)
    except SettingsError:  # a running server has others, which are not known here
        periods = None

    def until(tx: Tx, one: FailedTurn) -> datetime | None:
        return one.stored_since + timedelta(days=periods.days(tx, one.agent)) if periods else None

    def read(tx: Tx) -> tuple[list[tuple[FailedTurn, datetime | None]], int]:
        # In one transaction, so that a turn is in one list or in the other.
        parked = [(one, until(tx, one)) for one in turns.failed(tx)]
        return parked, sum(agent_runs.retried(tx, one.id) for one in bindings.every(tx))

    return await store.read(read)


@app.command()
def resubmit(turn: Annotated[int, typer.Argument(metavar="ID", help="The question, as `failed` lists it.")]) -> None:
    """Give a failed question all its attempts again. A running server takes it up within seconds."""
    from trinity_channels.cli import offline
    from trinity_channels.cli.errors import CommandFailed
    from trinity_channels.inbound.parked_turns import ParkedTurns, TurnNotFound
    from trinity_channels.plugins import load
    from trinity_channels.ports import utc_now
    from trinity_channels.principal import COMMAND_LINE
    from trinity_channels.refusal import Refusal

    plugins = load()
    try:
        offline.with_store(lambda store: ParkedTurns(store, plugins, utc_now).resubmit(COMMAND_LINE, turn))
    except TurnNotFound:
        raise CommandFailed(f"Unknown failed question {turn}; `trinity-channels failed` lists them.") from None
    except Refusal as refused:
        raise CommandFailed(refused.message) from None
    say(f"Question {turn} will be tried again: by the running server within seconds, otherwise at its next start.")


@app.command()
def forget(
    turns_: Annotated[
        list[int] | None, typer.Argument(metavar="ID", help="The questions, as `failed` lists them.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that are listed.")] = False,
) -> None:
    """Give failed questions up: they are not answered any more, and what people wrote in them is removed."""
    from trinity_channels.cli import offline
    from trinity_channels.cli.errors import CommandFailed
    from trinity_channels.inbound.parked_turns import ParkedTurns, TurnNotFound
    from trinity_channels.plugins import load
    from trinity_channels.ports import utc_now
    from trinity_channels.principal import COMMAND_LINE

    if every == bool(turns_):
        raise typer.BadParameter("Name the questions by their IDs, or say --all.")
    wanted = None if every else turns_
    plugins = load()
    try:
        offline.with_store(lambda store: ParkedTurns(store, plugins, utc_now).forget(COMMAND_LINE, wanted))
    except TurnNotFound as unknown:
        named = ", ".join(map(str, unknown.turns))
        raise CommandFailed(f"Unknown failed question {named}; nothing was changed; `failed` lists them.") from None
    say("They are given up; what people wrote in them is removed.")
