"""Which database a URL names."""

from __future__ import annotations

from trinity_channels.store.database import Store
from trinity_channels.store.failures import StoreError

POSTGRES = "postgresql+psycopg://"


def store_at(url: str) -> Store:
    """The database that a URL names, not open yet.

    Raises:
        StoreError: there is no such kind of database, or what it needs is not installed.
    """
    # Each kind is imported only by the hosts that use it.
    if url.startswith(POSTGRES):
        try:
            from trinity_channels.store.postgres import PostgresStore  # noqa: PLC0415  see above
        except ImportError as error:
            raise StoreError(
                f"PostgreSQL needs what the extra `postgres` brings; install trinity-channels[postgres]. ({error})"
            ) from error
        return PostgresStore(url)
    from trinity_channels.store.sqlite import SqliteStore  # noqa: PLC0415  see above

    return SqliteStore(url)
