"""`deliveries`: what became of the messages to people, and another try for those that failed."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from trinity_channels.cli.terminal import say

if TYPE_CHECKING:
    from trinity_channels.app import Host
    from trinity_channels.outbound.resend import Resent, ResentAll

app = typer.Typer(help="List the messages to people with their delivery states, or resend failed ones.")

MOST = 50


@app.callback(invoke_without_command=True)
def deliveries(
    ctx: typer.Context,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Only what failed or has an unknown outcome.")] = False,
    agent: Annotated[str, typer.Option("--agent", metavar="NAME", help="Only those of this agent.")] = "",
) -> None:
    """List the newest messages to people and what became of them, at most 50."""
    if ctx.invoked_subcommand is not None:
        return
    from trinity_channels.cli import offline, tables
    from trinity_channels.settings import StandaloneSettings
    from trinity_channels.store import delivery_log, trials
    from trinity_channels.store.states import PARKED_DELIVERIES

    states = PARKED_DELIVERIES if failed else ()
    found = offline.with_store(
        lambda store: store.read(lambda tx: delivery_log.recent(tx, agent or None, states, most=MOST))
    )
    if not found:
        if agent:  # with all that it ever sent, an agent that was removed can still be looked at
            offline.known_agent(StandaloneSettings.load(), agent)
        say("No delivery has failed." if failed else "Nothing was sent.")
        return
    rows = [
        (
            one.id,
            one.agent,
            one.channel,
            one.origin,
            one.state,
            offline.moment(one.updated_at),
            one.failure_code or "",
            why,
        )
        for one in found
        for why in (one.failure or "",)
    ]
    tables.show(("id", "agent", "channel", "origin", "state", "at", "code", "reason"), rows)
    if any(one.state in PARKED_DELIVERIES and one.origin != trials.ORIGIN for one in found):
        say(
            "\nSend one again with `trinity-channels deliveries resend ID`, or everything that failed for one cause with "
            "`trinity-channels deliveries resend --failed --agent NAME --code CODE`."
        )


@app.command()
def resend(
    delivery: Annotated[
        int | None, typer.Argument(metavar="[ID]", min=1, max=2**63 - 1, help="One delivery, as `deliveries` lists it.")
    ] = None,
    *,
    failed: Annotated[bool, typer.Option("--failed", help="Instead of an ID: all of one agent that failed.")] = False,
    agent: Annotated[str, typer.Option("--agent", metavar="NAME", help="With --failed, which needs it: whose.")] = "",
    code: Annotated[str, typer.Option("--code", metavar="CODE", help="With --failed: only for this cause.")] = "",
) -> None:
    """Send again what failed, once its cause is corrected. A running server takes it up within seconds.

    A message goes out with all of its parts that failed. `--failed` leaves out what has an unknown outcome: it may have
    arrived.
    """
    from trinity_channels.cli import offline
    from trinity_channels.cli.errors import CommandFailed
    from trinity_channels.outbound.resend import DeliveryNotFound, ResendRefused
    from trinity_channels.principal import COMMAND_LINE

    # Exactly one of the two: a mistyped call must not send more than was meant.
    if failed == (delivery is not None):
        raise typer.BadParameter("Give either an ID, or --failed with --agent.", param_hint="ID")
    if failed != bool(agent) or (code and not failed):
        raise typer.BadParameter("--failed needs --agent; --agent and --code need --failed.", param_hint="--failed")

    async def again(host: Host) -> Resent | ResentAll:
        if delivery is not None:
            return await host.sent.resend(COMMAND_LINE, None, delivery)
        # An operator may still help people whose agent has been taken out of the settings.
        done = await host.sent.resend_failed(COMMAND_LINE, agent, code=code or None, even_removed=True)
        if not (done.messages or done.refused):
            offline.known_agent(host.settings, agent)
        return done

    try:
        say(offline.with_host(again).message)
    except DeliveryNotFound:
        raise CommandFailed(f"Unknown delivery {delivery}; `trinity-channels deliveries` lists them.") from None
    except ResendRefused as refused:
        raise CommandFailed(refused.message) from None
