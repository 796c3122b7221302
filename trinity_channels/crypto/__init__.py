"""Secrets at rest: the encryption keys, the vault that seals with them, and files that only their owner can read."""
