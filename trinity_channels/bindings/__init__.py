"""Agents connected to provider accounts: connect, verify, rotate, disconnect; secrets sealed by the vault."""

from trinity_channels.bindings.open_binding import OpenBinding
from trinity_channels.bindings.registry import Bindings, Disconnected, Gone
from trinity_channels.bindings.webhooks_to_set import WebhooksToSet

__all__ = ["Bindings", "Disconnected", "Gone", "OpenBinding", "WebhooksToSet"]
