"""The database: the only package that holds SQL. Units of work go in, frozen values come out."""

from trinity_channels.store.database import Locked, Store, StoreError, Unit
from trinity_channels.store.tx import Tx

__all__ = ["Locked", "Store", "StoreError", "Tx", "Unit"]
