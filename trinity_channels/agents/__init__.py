"""Agents: what runs a turn and answers it."""
