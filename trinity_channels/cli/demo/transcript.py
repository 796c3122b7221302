"""How a played conversation looks on a terminal."""

from __future__ import annotations

import typer

LINES = 6
"""Lines of a long message that are shown."""
_INDENT = " " * 12


class Transcript:
    """Prints numbered steps, and what is said in them."""

    def __init__(self, title: str) -> None:
        self._steps = 0
        typer.secho(f"\n{title}", bold=True)

    def step(self, text: str) -> None:
        """What happens next."""
        self._steps += 1
        typer.secho(f"\n{self._steps}. {text}", bold=True)

    def says(self, who: str, text: str) -> None:
        """A person writes."""
        self._line(f"{who} →", text, typer.colors.GREEN)

    def hears(self, who: str, text: str) -> None:
        """A person reads."""
        self._line(f"{who} ←", text, typer.colors.CYAN)

    def note(self, who: str, text: str) -> None:
        """Something happens away from the phone."""
        self._line(f"[{who}]" if who else "", text, typer.colors.YELLOW)

    def _line(self, who: str, text: str, colour: str) -> None:
        lines = text.splitlines()
        if len(lines) > LINES:
            rest = sum(map(len, lines[LINES:]))
            lines = [*lines[:LINES], f"… and {rest} characters more"]
        typer.echo(typer.style(f"{who:>11} ", fg=colour) + f"\n{_INDENT}".join(lines))
