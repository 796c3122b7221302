"""`requests`: list access requests, and decide one of them."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from trinity_channels.cli.terminal import say

if TYPE_CHECKING:
    from trinity_channels.app import Host

app = typer.Typer(help="List, approve or decline access requests.")
RequestId = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="The request, as `requests` lists it.")
]


class Status(StrEnum):
    """Which requests are listed."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    ALL = "all"


@app.callback(invoke_without_command=True)
def requests(
    ctx: typer.Context,
    *,
    agent: Annotated[str, typer.Option("--agent", metavar="NAME", help="Only those for this agent.")] = "",
    status: Annotated[Status, typer.Option("--status", help="Which ones.")] = Status.PENDING,
) -> None:
    """List the access requests, newest first, at most 500."""
    if ctx.invoked_subcommand is not None:
        return
    from trinity_channels.cli import offline, tables
    from trinity_channels.email_address import shown_email
    from trinity_channels.settings import StandaloneSettings
    from trinity_channels.store import access
    from trinity_channels.web.audit_words import who

    wanted = {Status.ALL: None, Status.DECLINED: "denied"}.get(status, status.value)
    found = offline.with_store(lambda store: store.read(lambda tx: access.requests(tx, agent or None, wanted)))
    if not found:
        if agent:  # an agent that was removed can still have requests
            offline.known_agent(StandaloneSettings.load(), agent)
        say("No access requests." if wanted is None else f"No {status} access requests.")
        return
    rows = [
        (
            one.id,
            one.agent,
            shown_email(one.email),
            one.channel,
            offline.moment(one.requested_at),
            one.outcome,
            who(one.decided_by) if one.decided_by else "",
        )
        for one in found
    ]
    tables.show(("id", "agent", "e-mail", "channel", "asked", "status", "decided by"), rows)
    if any(one.status == "pending" for one in found):
        say("\nDecide with `trinity-channels requests approve ID` or `trinity-channels requests decline ID`.")


@app.command()
def approve(request: RequestId) -> None:
    """Share the agent with who asked. A running server tells them within seconds and answers what they wrote."""
    _decide(request, approve=True)


@app.command()
def decline(request: RequestId) -> None:
    """Decline. A running server tells them within seconds; they can ask again after a day."""
    _decide(request, approve=False)


def _decide(number: int, *, approve: bool) -> None:
    from trinity_channels.access.sharing import AlreadyDecided, RequestNotFound
    from trinity_channels.cli import offline
    from trinity_channels.cli.errors import CommandFailed
    from trinity_channels.email_address import shown_email
    from trinity_channels.principal import COMMAND_LINE
    from trinity_channels.store import access

    async def decide(host: Host) -> str:
        found = await host.store.read(lambda tx: access.any_request(tx, number))
        if found is None:
            raise RequestNotFound
        offline.known_agent(host.settings, found.agent)
        # The service of the API, so that it is on record and what was held is answered.
        decided = await host.sharing.decide(COMMAND_LINE, found.agent, number, approve=approve)
        may = f"may use {decided.agent} now" if approve else f"may not use {decided.agent}"
        return f"{shown_email(decided.email)} {may}, and is notified on {host.plugins.title(decided.channel)}."

    try:
        say(offline.with_host(decide))
    except RequestNotFound:
        raise CommandFailed(
            f"Unknown access request {number}; `trinity-channels requests --status all` lists them."
        ) from None
    except AlreadyDecided as error:
        share = f"/api/agents/{error.request.agent}/share"
        raise CommandFailed(f"{error} That is done by API: POST {share}, DELETE {share}/EMAIL.") from None
