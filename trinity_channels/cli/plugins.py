"""`plugins`: what is installed, what it can do, and why it cannot be used."""
# ruff: noqa: PLC0415 - start-up of the other commands

from __future__ import annotations


def plugins() -> None:
    """List the installed channels: why one is broken, what of one is ignored, and what of one is deprecated."""
    import typer

    from trinity_channels.cli import tables
    from trinity_channels.plugins import load

    found = load()
    ready = [
        (
            name,
            found[name].version,
            ", ".join(found[name].capabilities) or "-",
            "ready",
            " ".join(found[name].warnings),
        )
        for name in found
    ]
    broken = [(one.name, one.version, "-", "unavailable", one.reason) for one in found.unavailable]
    if not ready and not broken:
        typer.echo("No channel is installed. Install one.")
        return
    tables.show(("name", "version", "capabilities", "state", "note"), ready + broken)
