"""What Python itself reports about files, sockets and processes while a hook runs.

https://docs.python.org/3/library/audit_events.html — an audit hook cannot be taken out again, so this one is put in
when it is first needed and ignores events unless an audit is active.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

CONNECTIONS = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})
ANY_IO = CONNECTIONS | {"open", "sqlite3.connect", "subprocess.Popen", "os.system", "os.listdir", "os.remove"}

_watched: list[tuple[frozenset[str], list[str]]] = []
_installed: list[bool] = []


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    # Called for every audited event of the process, so nothing is done here while nothing is watched.
    for events, seen in _watched:
        if event in events:
            seen.append(f"{event} {arguments[1] if event == 'socket.connect' else arguments[0]}")
            if event in CONNECTIONS:
                # Refused, not only noted: a check must never reach a real provider by accident.
                raise PermissionError("The contract kit lets no hook open connections of its own.")


@contextmanager
def watching(events: frozenset[str] = ANY_IO) -> Iterator[list[str]]:
    """Collect what happens of `events`; connections are refused besides."""
    if not _installed:
        sys.addaudithook(_audit)
        _installed.append(True)
    seen: list[str] = []
    watch = (events, seen)
    _watched.append(watch)
    try:
        yield seen
    finally:
        _watched.remove(watch)
