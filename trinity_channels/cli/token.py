"""`token`: bearer tokens of the API. A token is shown once, when it is made; the database keeps its hash."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke tokens of the API.")


@app.command()
def create(
    *,
    admin: Annotated[bool, typer.Option("--admin", help="For an administrator, who may do everything.")] = False,
    user: Annotated[str, typer.Option(metavar="EMAIL", help="For somebody who owns agents.")] = "",
    agent: Annotated[str, typer.Option(metavar="NAME", help="For an agent, which may only send messages.")] = "",
) -> None:
    """Make a token and print it, this once."""
    from trinity_channels.app import utc_now
    from trinity_channels.cli import desk
    from trinity_channels.email_address import normalise_email
    from trinity_channels.settings import Settings
    from trinity_channels.store import Tx, audit
    from trinity_channels.web.auth import Role, new_token

    if sum(map(bool, (admin, user, agent))) != 1:
        raise typer.BadParameter("Say whom the token is for: --admin, --user EMAIL or --agent NAME, one of them.")
    role, subject = (Role.ADMIN, "") if admin else (Role.USER, user) if user else (Role.AGENT, agent)
    if agent:
        desk.known_agent(Settings.load(), agent)
    if user:
        try:
            subject = normalise_email(user)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--user") from None
    now = utc_now()

    def make(tx: Tx) -> str:
        audit.add(tx, now, desk.ACTOR, "create_token", details={"role": role})
        return new_token(tx, role, subject, now)

    typer.echo(desk.with_store(lambda store: store.write(make)))


@app.command("list")
def every() -> None:
    """List the tokens. The one of TRINITY_CHANNELS_ADMIN_TOKEN, or of the first start, is not among them."""
    from trinity_channels.cli import desk, tables
    from trinity_channels.store import tokens

    found = desk.with_store(lambda store: store.read(tokens.every))
    if not found:
        typer.echo("There are no tokens besides the admin's own.")
        return
    rows = [(one.id, one.role, one.subject or "-", desk.moment(one.created_at)) for one in found]
    tables.show(("id", "role", "for", "made"), rows)


@app.command()
def revoke(token: Annotated[int, typer.Argument(metavar="ID", help="The token, as `token list` lists it.")]) -> None:
    """Revoke a token; it stops working at once."""
    from trinity_channels.app import utc_now
    from trinity_channels.cli import desk
    from trinity_channels.cli.faults import CommandFailed
    from trinity_channels.store import Tx, audit, tokens

    now = utc_now()

    def take(tx: Tx) -> bool:
        if not tokens.revoke(tx, token):
            return False
        audit.add(tx, now, desk.ACTOR, "revoke_token", details={"token": token})
        return True

    if not desk.with_store(lambda store: store.write(take)):
        raise CommandFailed(f"There is no token {token}; `trinity-channels token list` lists them.")
    typer.echo(f"Token {token} is revoked.")
