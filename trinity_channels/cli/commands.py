"""All commands together, and the one place where their errors become a line and an exit code."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from trinity_channels.cli import (
    agents,
    audit,
    catch_up,
    connect,
    db,
    deliveries,
    demo,
    doctor,
    explain,
    failed,
    import_trinity,
    keys,
    new_plugin,
    plugins,
    reload,
    requests,
    serve,
    set_webhook,
    simulate,
    token,
)
from trinity_channels.cli.errors import explained
from trinity_channels.cli.terminal import say

_PYDANTIC = "Value error, "
"""What pydantic, with which Typer checks arguments, puts before a sentence of its user."""


class _Commands(TyperGroup):
    """Prints a sentence for errors that an operator can fix; all others are bugs and keep their traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort):
            raise
        except typer.BadParameter as refused:
            refused.message = refused.message.replace(_PYDANTIC, "")
            raise
        except Exception as error:
            # Asked only now: the classes of errors are slow to import.
            fault = explained(error)
            if fault is None:
                raise
            say(fault.text, err=True)
            raise typer.Exit(fault.code) from None


def _version(value: bool) -> None:
    if value:
        from importlib.metadata import version  # noqa: PLC0415  start-up of the commands

        typer.echo(f"trinity-channels {version('trinity-channels')}")
        raise typer.Exit


app = typer.Typer(
    name="trinity-channels",
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    # Its tracebacks show local variables, tokens among them.
    pretty_exceptions_enable=False,
    help="Let people talk with your agents from messengers.",
)


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and end.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Let people talk with your agents from messengers."""


app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.command("connect")(connect.connect)
app.command("set-webhook")(set_webhook.set_webhook)
app.command("import-trinity")(import_trinity.import_trinity)
app.command("catch-up")(catch_up.catch_up)
app.command("reload")(reload.reload)
app.command("demo")(demo.demo)
app.command("simulate")(simulate.simulate)
app.command("plugins")(plugins.plugins)
app.command("new-plugin")(new_plugin.new_plugin)
app.command("doctor")(doctor.doctor)
app.command("explain")(explain.explain)
app.add_typer(agents.app, name="agents")
app.add_typer(failed.app, name="failed")
app.add_typer(deliveries.app, name="deliveries")
app.add_typer(requests.app, name="requests")
app.command("audit")(audit.audit)
app.add_typer(token.app, name="token")
app.command("keygen")(keys.keygen)
app.command("rotate-keys")(keys.rotate_keys)
app.add_typer(db.app, name="db")


def main() -> None:
    """Run the command line."""
    app()
