"""What makes the next host of a test run cheap: it is built of the same parts as the one before, and needs no threads.

A host begins its life once, and a test run has some two thousand of them. Half of the time of most stories went into what
a host does when it begins: FastAPI builds validators for the types of our routes, Starlette compiles their paths. Both are
the same for every host, so they are made once. A fifth went into the way to the store's threads and back.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import Executor
from functools import cache, partial
from typing import Any, TypeVar, get_args

import fastapi.dependencies.utils
import fastapi.routing
import jinja2
import pytest
import starlette.routing
from fastapi import _compat
from pydantic import TypeAdapter

from trinity_channels.web import route

T = TypeVar("T")
STORES = {"trinity_channels.store.sqlite", "trinity_channels.store.postgres"}
"""Only those that are used are imported."""
VALIDATORS = getattr(_compat, "v2", _compat)
"""Where FastAPI makes them: a module of its own in newer versions."""


class AtOnce(Executor):
    """Stands for the threads of the store: what they are given is done at once, and the caller goes on in a later turn.

    With it the order of events in a story does not depend on what else the machine does.
    """

    def __init__(self, max_workers: int, thread_name_prefix: str) -> None:
        """Take what `ThreadPoolExecutor` takes."""


def without_threads(patch: pytest.MonkeyPatch) -> None:
    """Let stores that are opened from now on do everything on the event loop."""
    in_thread = asyncio.BaseEventLoop.run_in_executor

    def run_in_executor(
        loop: asyncio.BaseEventLoop, executor: Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        if not isinstance(executor, AtOnce):
            return in_thread(loop, executor, func, *args)
        future: asyncio.Future[T] = loop.create_future()
        try:
            settle = partial(future.set_result, func(*args))
        except Exception as error:  # noqa: BLE001  it belongs to whom the future belongs to
            settle = partial(future.set_exception, error)
        loop.call_soon(lambda: future.done() or settle())  # done: the caller has given up
        return future

    for kind in STORES & sys.modules.keys():
        patch.setattr(f"{kind}.ThreadPoolExecutor", AtOnce)
    patch.setattr(asyncio.BaseEventLoop, "run_in_executor", run_in_executor)


def share_parts(patch: pytest.MonkeyPatch) -> None:
    """Let hosts share the validators of types, the fields of answers and the compiled paths of routes."""
    adapters: dict[Any, TypeAdapter[Any]] = {}

    def adapter(annotated: Any, **options: Any) -> TypeAdapter[Any]:
        # The type itself, for two may have one name; what stands beside it is compared by what it says.
        kind, *details = get_args(annotated)
        # A parameter's own text leaves its bounds out.
        key = kind, repr([(one, getattr(one, "metadata", ())) for one in details]), repr(options)
        if key not in adapters:
            adapters[key] = TypeAdapter(annotated, **options)
        return adapters[key]

    patch.setattr(VALIDATORS, "TypeAdapter", adapter)
    create = vars(fastapi.routing)["create_model_field"]
    fields: dict[Any, Any] = {}

    def field(*, name: str, type_: Any, **options: Any) -> Any:
        key = name, type_, repr(options)
        if key not in fields:
            fields[key] = create(name=name, type_=type_, **options)
        return fields[key]

    patch.setattr(fastapi.routing, "create_model_field", field)
    if find := vars(fastapi.routing).get("_extract_endpoint_context"):  # older ones do not look where code stands
        patch.setattr(fastapi.routing, "_extract_endpoint_context", _by_code(find))
    utils = vars(fastapi.dependencies.utils)
    patch.setattr(fastapi.dependencies.utils, "get_typed_signature", _by_code(utils["get_typed_signature"]))
    compiled = cache(starlette.routing.compile_path)
    for module in (starlette.routing, fastapi.routing, route):
        patch.setattr(module, "compile_path", compiled)
    patch.setattr(jinja2.Environment, "compile", _by_source(jinja2.Environment.compile))


def _by_source(compile_: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a template once for all hosts, whose pages print values in the same way."""
    found: dict[Any, Any] = {}

    def compiled(pages: jinja2.Environment, source: Any, *args: Any, **options: Any) -> Any:
        key = source, args, repr(options), pages.finalize, pages.undefined, pages.autoescape, pages.trim_blocks
        if key not in found:
            found[key] = compile_(pages, source, *args, **options)
        return found[key]

    return compiled


def _by_code(look: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Look at the code of a function once: each host has functions of its own, with the same code."""
    found: dict[Any, Any] = {}

    def seen(function: Any) -> Any:
        code = getattr(function, "__code__", None)
        # A default may be of the host.
        if code is None or function.__defaults__ or function.__kwdefaults__:
            return look(function)
        if code not in found:
            found[code] = look(function)
        return found[code]

    return seen
