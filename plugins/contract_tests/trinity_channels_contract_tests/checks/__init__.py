"""The checks, one group for each part of the contract."""
