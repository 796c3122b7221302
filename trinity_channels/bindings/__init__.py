"""Agents connected to provider accounts: connect, verify, rotate, disconnect; secrets sealed by the vault."""

from trinity_channels.bindings.registry import Bindings, Disconnected, Gone, OpenBinding

__all__ = ["Bindings", "Disconnected", "Gone", "OpenBinding"]
