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
    user: Annotated[
        str, typer.Option(metavar="EMAIL", help="For a user who owns agents; on a platform also by user name.")
    ] = "",
    agent: Annotated[str, typer.Option(metavar="NAME", help="For an agent, which may only send messages.")] = "",
    label: Annotated[
        str, typer.Option(metavar="TEXT", help="A name for it, such as that of the program that uses it.")
    ] = "",
    expires: Annotated[
        str, typer.Option(metavar="WHEN", help="From when it is refused: 90d, 12h, or a date. Default: never.")
    ] = "",
) -> None:
    """Make a token and print it, this once."""
    from trinity_channels.access.tokens import NewToken, TokenRefused, Tokens
    from trinity_channels.cli import offline
    from trinity_channels.cli.until import until
    from trinity_channels.ports import utc_now
    from trinity_channels.principal import COMMAND_LINE, Role
    from trinity_channels.settings import StandaloneSettings

    if sum(map(bool, (admin, user, agent))) != 1:
        raise typer.BadParameter("Give exactly one of --admin, --user EMAIL and --agent NAME.")
    role, subject = (Role.ADMIN, "") if admin else (Role.USER, user) if user else (Role.AGENT, agent)
    ends = until(expires, utc_now())
    settings = StandaloneSettings.load()
    if agent:
        offline.known_agent(settings, agent)
    wanted = NewToken(role, subject, label, ends)
    try:
        _, token = offline.with_store(
            lambda store: Tokens(store, utc_now, any_id=settings.serves_platform).create(COMMAND_LINE, wanted)
        )
    except TokenRefused as refused:
        hint = {"subject": "--user", "label": "--label", "expires_at": "--expires"}[refused.field]
        raise typer.BadParameter(refused.message, param_hint=hint) from None
    typer.echo(token)


@app.command("list")
def every() -> None:
    """List the tokens, expired ones included. The one of TRINITY_CHANNELS_ADMIN_TOKEN is not among them."""
    from trinity_channels.access.tokens import Tokens
    from trinity_channels.cli import offline, tables
    from trinity_channels.ports import utc_now
    from trinity_channels.principal import COMMAND_LINE

    found = offline.with_store(lambda store: Tokens(store, utc_now).every(COMMAND_LINE))
    if not found:
        typer.echo("No tokens.")
        return
    now = utc_now()
    rows = [
        (
            one.id,
            one.label or "-",
            one.role,
            one.subject or "-",
            offline.moment(one.created_at),
            one.created_by or "-",
            ("expired " if one.expired(now) else "") + offline.moment(one.expires_at),
            offline.moment(one.last_used_at),
        )
        for one in found
    ]
    tables.show(("id", "label", "role", "for", "made", "by", "expires", "last used"), rows)


@app.command()
def revoke(
    token: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="The token, as `token list` lists it.")
    ],
) -> None:
    """Revoke a token; it stops working at once."""
    from trinity_channels.access.tokens import TokenNotFound, Tokens
    from trinity_channels.cli import offline
    from trinity_channels.cli.errors import CommandFailed
    from trinity_channels.ports import utc_now
    from trinity_channels.principal import COMMAND_LINE

    try:
        offline.with_store(lambda store: Tokens(store, utc_now).revoke(COMMAND_LINE, token))
    except TokenNotFound:
        raise CommandFailed(f"Unknown token {token}; `trinity-channels token list` lists them.") from None
    typer.echo(f"Token {token} is revoked.")
