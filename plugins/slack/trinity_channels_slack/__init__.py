"""Slack, through the Events API and the Web API.

The entry point names `plugin`, the module of the hooks, not this package: importing the subpackage `simulator` replaces
whatever the package itself holds under that name, the hook included.
"""

from trinity_channels_slack.plugin import (
    channel,
    configure,
    find_sent,
    indicate,
    listen,
    receive,
    resolve_identity,
    resolve_quoted,
    send,
    simulator,
    verify,
)

__all__ = [
    "channel",
    "configure",
    "find_sent",
    "indicate",
    "listen",
    "receive",
    "resolve_identity",
    "resolve_quoted",
    "send",
    "simulator",
    "verify",
]
