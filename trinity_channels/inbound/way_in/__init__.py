"""Proves the way in: a signed request from the host to itself, through its public address, as a provider would send it."""

from trinity_channels.inbound.way_in.owners import OwnersWayIn
from trinity_channels.inbound.way_in.prober import WayIn

__all__ = ["OwnersWayIn", "WayIn"]
