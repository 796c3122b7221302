"""The database: the only package that holds SQL. Units of work go in, frozen values come out."""

from trinity_channels.store.database import Store, Unit
from trinity_channels.store.failures import Locked, StoreError
from trinity_channels.store.kinds import store_at
from trinity_channels.store.tx import Tx

__all__ = ["Locked", "Store", "StoreError", "Tx", "Unit", "store_at"]
