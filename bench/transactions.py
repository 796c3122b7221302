"""How many transactions the store of the host under measurement has carried out, counted where all of them pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from trinity_channels.store import Store

TRANSACTIONS = "/bench/transactions"


def counted(store: Store) -> Route:
    """Begin to count; the route tells the writing and the reading ones."""
    found: Counter[str] = Counter()

    def counting(kind: str, run: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        def counted(unit: Any) -> Awaitable[Any]:
            found[kind] += 1
            return run(unit)

        return counted

    for name, kind in (("write", "writing"), ("lookup", "reading"), ("read", "reading")):
        setattr(store, name, counting(kind, getattr(store, name)))

    async def told(_: Request) -> JSONResponse:
        return JSONResponse({"writing": found["writing"], "reading": found["reading"]})

    return Route(TRANSACTIONS, told)
