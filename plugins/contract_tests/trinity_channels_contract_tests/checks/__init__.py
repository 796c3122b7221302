"""The checks, one room for each part of the contract."""
