"""WhatsApp through Twilio.

The entry point names `plugin`, the module of the hooks, not this package: importing the subpackage `simulator` replaces
whatever the package itself holds under that name, the hook included.
"""

from trinity_channels_whatsapp.plugin import (
    channel,
    configure,
    find_sent,
    indicate,
    list_missed,
    receive,
    register_webhook,
    resolve_identity,
    send,
    simulator,
    verify,
)

__all__ = [
    "channel",
    "configure",
    "find_sent",
    "indicate",
    "list_missed",
    "receive",
    "register_webhook",
    "resolve_identity",
    "send",
    "simulator",
    "verify",
]
