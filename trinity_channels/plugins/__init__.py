"""Find, check and call channel plugins: each call goes to one named plugin, never to all of them."""

from trinity_channels.plugins.checking import LISTENS, NAME, RESERVED
from trinity_channels.plugins.loading import Plugins, Unavailable, load
from trinity_channels.plugins.plugin import INCOMING, OPTIONAL, REQUIRED, Plugin, direct

__all__ = [
    "INCOMING",
    "LISTENS",
    "NAME",
    "OPTIONAL",
    "REQUIRED",
    "RESERVED",
    "Plugin",
    "Plugins",
    "Unavailable",
    "direct",
    "load",
]
