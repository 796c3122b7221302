"""Addresses that a provider may have signed instead of ours, and in words how each differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, product
from urllib.parse import SplitResult, urlsplit, urlunsplit

from starlette.requests import Request

from trinity_channels import forwarded

MOST = 200
"""Addresses to try."""
_MOST_OF_A_KIND = 10
_PORTS = {"https": ":443", "http": ":80"}
_HOSTS = ("host", "x-forwarded-host", "x-original-host", "x-forwarded-server")
_PATHS = ("x-original-url", "x-original-uri", "x-rewrite-url", "x-forwarded-uri")
_PREFIXES = ("x-forwarded-prefix", "x-forwarded-path", "x-script-name")


@dataclass(frozen=True, slots=True)
class Received:
    """What a request and the proxies before us say of the address that it was sent to; any of it may be missing or a lie."""

    hosts: tuple[str, ...]
    paths: tuple[str, ...]
    prefixes: tuple[str, ...]

    @classmethod
    def of(cls, request: Request) -> Received:
        """Read the headers in use for it."""
        path = request.scope.get("raw_path", b"").decode("latin-1") or request.url.path
        return cls(
            (*_named(request, _HOSTS), *filter(None, [forwarded.host(request)])),
            (path, *(one.partition("?")[0] for one in _named(request, _PATHS))),
            tuple(one.rstrip("/") for one in _named(request, _PREFIXES)),
        )


def _named(request: Request, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        # The first of a list is what the client's side named; the proxies behind it add theirs.
        if value := request.headers.get(name, "").split(",")[0].strip()[:500]:
            yield value


def candidates(url: str, received: Received) -> Iterator[tuple[str, str]]:
    """Other addresses than `url`, those with the fewest differences first, each with what differs."""
    ours = urlsplit(url)
    kinds = (
        [ours.scheme, "http" if ours.scheme == "https" else "https"],
        _few(ours.netloc, _hosts(ours, received)),
        _few(ours.path, _paths(ours.path, received)),
        _few(ours.query, [""]),
    )
    numbered = product(*(enumerate(kind) for kind in kinds))
    # One difference is likelier than two, and the first of a kind likelier than its last.
    nearest = sorted(numbered, key=lambda parts: (sum(at > 0 for at, _ in parts), sum(at for at, _ in parts)))
    # The nearest of all is our own address, which was tried already.
    for parts in islice(nearest, 1, MOST + 1):
        scheme, host, path, query = (value for _, value in parts)
        yield _difference(ours, SplitResult(scheme, host, path, query, "")), urlunsplit((scheme, host, path, query, ""))


def _few(first: str, others: Iterable[str]) -> list[str]:
    return list(islice(dict.fromkeys((first, *others)), _MOST_OF_A_KIND))


def _hosts(ours: SplitResult, received: Received) -> Iterator[str]:
    yield from received.hosts
    for host in (ours.netloc, *received.hosts):
        name, colon, port = host.rpartition(":")
        bare = name if colon and port.isdigit() else host
        yield bare
        yield bare.removeprefix("www.") if bare.startswith("www.") else f"www.{bare}"
        yield bare.lower()
    bare = ours.hostname or ours.netloc
    yield from (bare + _PORTS["https"], bare + _PORTS["http"], bare.upper(), bare.capitalize(), bare.title())


def _paths(path: str, received: Received) -> Iterator[str]:
    for one in (path, *received.paths):
        yield one.rstrip("/") + ("" if one.endswith("/") else "/")
        yield one
    for prefix in received.prefixes:
        yield from (prefix + one for one in (path, *received.paths))
    parts = path.strip("/").split("/")
    yield from ("/" + "/".join(parts[at:]) for at in range(1, len(parts) - 1))  # a proxy adds what we expect
    arrived = received.paths[0] if received.paths else path
    yield from ("/" + "/".join(parts[:at]) + arrived for at in range(1, len(parts) - 1))  # it takes that off, too


def _difference(ours: SplitResult, theirs: SplitResult) -> str:
    words = []
    if ours.scheme != theirs.scheme:
        words.append(f"its scheme is {theirs.scheme}, not {ours.scheme}")
    if ours.netloc != theirs.netloc:
        words.append(f"its host is {theirs.netloc}, not {ours.netloc}")
    if ours.path != theirs.path:
        words.append(_path_difference(ours.path, theirs.path))
    if ours.query != theirs.query:
        words.append("it has no query")
    return ", ".join(words)


def _path_difference(ours: str, theirs: str) -> str:
    short, long = ours.rstrip("/"), theirs.rstrip("/")
    if short == long:
        return "its path ends with a slash" if theirs.endswith("/") else "its path does not end with a slash"
    if short.endswith(long):
        return f"its path differs: it lacks {short.removesuffix(long)}, which a proxy may add"
    if long.endswith(short):
        return f"its path differs: it begins with {long.removesuffix(short)}, which a proxy may strip"
    return "its path differs (a proxy may add or strip a prefix)"
