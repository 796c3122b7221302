"""Moves everything that a host keeps from one database to another."""
