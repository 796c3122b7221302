"""Why a signature did not match: which other address would have, told to the owner in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit, urlunsplit

import structlog
from starlette.requests import Request

from trinity_channels import api
from trinity_channels.bindings import OpenBinding
from trinity_channels.plugins import Plugins
from trinity_channels.store import Store, bindings

log = structlog.get_logger(__name__)

MOST = 40
"""Addresses to try."""
PAUSE = timedelta(seconds=5)
"""A binding is diagnosed at most this often: strangers can send bad signatures as fast as they like."""


class Diagnosis:
    """Keeps the cause of the last refused webhook of each binding."""

    def __init__(self, store: Store, plugins: Plugins, now: Callable[[], datetime]) -> None:
        self._store = store
        self._plugins = plugins
        self._now = now
        self._last: dict[int, datetime] = {}

    async def keep(self, bound: OpenBinding, request: Request, raw: api.Request) -> bool:
        """Find the cause and store it for the owner; never raises.

        Returns:
            Whether the provider is known to have sent the request: it is signed with the right secret, for another address.
        """
        now = self._now()
        last = self._last.get(bound.id)
        if last and abs(now - last) < PAUSE:
            return False
        self._last[bound.id] = now
        difference = self._difference(bound, request, raw)
        cause = _cause(bound, difference)
        log.warning("signature refused", channel=bound.channel, agent=bound.agent, cause=cause)
        try:
            await self._store.write(lambda tx: bindings.signature_failed(tx, bound.id, cause, now))
        except Exception as error:  # the refusal stands whether or not it can be explained later
            log.exception("diagnosis not stored", error=type(error).__name__)
        return difference is not None

    def _difference(self, bound: OpenBinding, request: Request, raw: api.Request) -> str | None:
        """In what the address that was signed differs from ours; None if no address fits."""
        if bound.context.webhook_url is None:
            return None
        for difference, url in _variants(raw.url, request):
            try:
                self._plugins[bound.channel].receive(bound.binding, replace(raw, url=url))
            except api.SignatureError:
                continue
            except api.MalformedPayload:
                pass
            return difference
        return None


def _cause(bound: OpenBinding, difference: str | None) -> str:
    if bound.context.webhook_url is None:
        return "public_chat_url is not set, so no signature can be checked."
    if difference:
        return f"The provider signed another address than public_chat_url gives: {difference}."
    return (
        "No address we can think of matches the signature, so the secret is probably not the one the provider signs "
        "with (it changes when it is regenerated), or somebody else sent the request."
    )


def _variants(url: str, request: Request) -> Iterator[tuple[str, str]]:
    """Addresses a provider may have signed instead, nearest first, with what differs."""
    parts = urlsplit(url)
    other = "http" if parts.scheme == "https" else "https"
    path = request.scope.get("raw_path", b"").decode("latin-1") or request.url.path
    hosts = {
        parts.netloc,
        request.headers.get("host", ""),
        request.headers.get("x-forwarded-host", "").split(",")[0].strip(),
    } - {""}
    hosts |= {host.rpartition(":")[0] for host in hosts if host.rpartition(":")[2].isdigit()}
    paths = {parts.path, parts.path.rstrip("/"), parts.path.rstrip("/") + "/", path}
    tried = {url}
    for scheme in (parts.scheme, other):
        for host in sorted(hosts, key=lambda one: one != parts.netloc):
            for one_path in sorted(paths, key=lambda one: one != parts.path):
                for query in dict.fromkeys((parts.query, "")):
                    variant = urlunsplit((scheme, host, one_path, query, ""))
                    if variant not in tried and len(tried) < MOST:
                        tried.add(variant)
                        yield _difference(parts, (scheme, host, one_path, query)), variant


def _difference(parts: SplitResult, variant: tuple[str, str, str, str]) -> str:
    ours = (parts.scheme, parts.netloc, parts.path, parts.query)
    names = ("scheme", "host", "path", "query")
    words = []
    for name, mine, theirs in zip(names, ours, variant, strict=True):
        if mine == theirs:
            continue
        if name == "path" and mine.rstrip("/") == theirs.rstrip("/"):
            words.append("its path ends with a slash" if theirs.endswith("/") else "its path does not end with a slash")
        elif name == "path":
            words.append("its path differs (a proxy may add or strip a prefix)")
        elif name == "query":
            words.append("it has no query")
        else:
            words.append(f"its {name} is {theirs}, not {mine}")
    return ", ".join(words)
