"""The people who wrote to an agent: list, block, unlink, erase."""
