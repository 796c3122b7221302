"""The command line, `trinity-channels`: one module per command; what is slow to import is imported within it."""

from trinity_channels.cli.commands import app, main

__all__ = ["app", "main"]
