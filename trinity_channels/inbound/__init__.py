"""The way in: webhook, accept, turn, chat commands."""
