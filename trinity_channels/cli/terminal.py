"""What commands print: values of people and providers are in it, and none of them can move the cursor or hide a word."""

from __future__ import annotations

import typer

from trinity_channels.visible import for_terminal


def say(text: str = "", *, err: bool = False, bold: bool = False) -> None:
    """Print a line, or several."""
    typer.secho(for_terminal(text), err=err, bold=bold or None)
