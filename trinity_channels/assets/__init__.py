"""The files that pages load: one style sheet of ours, icons, a little script, and what is vendored (`assets.toml`).

Each has an address with its own hash in it, so that browsers keep it for good and never use an outdated one. Pages of the
host and of the simulators share them. A file is read when it is first asked for.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent
FILES = {
    "pico.min.css": "vendor/pico-2.1.1/pico.min.css",
    "channels.css": "channels.css",
    "icons.svg": "icons.svg",
    "htmx.min.js": "vendor/htmx-4.0.1/htmx.min.js",
    "hx-sse.min.js": "vendor/htmx-4.0.1/hx-sse.min.js",
    "channels.js": "channels.js",
}
"""By the name in the address, where the file lies."""
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HASH_LENGTH = 16
_HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file. `version` is part of its address and changes with its content."""

    name: str
    version: str
    media_type: str
    content: bytes = field(repr=False)
    compressed: bytes = field(repr=False)

    @property
    def path(self) -> str:
        """Its address below the place where assets are served."""
        return f"{self.version}/{self.name}"


@lru_cache(maxsize=len(FILES))
def asset(name: str) -> Asset:
    """The file with this name.

    Raises:
        KeyError: there is none.
    """
    content = (FOLDER / FILES[name]).read_bytes()
    version = hashlib.sha256(content).hexdigest()[:_HASH_LENGTH]
    media_type = _TYPES[Path(name).suffix]
    # Compressed once and kept; without a time in it, the bytes are the same everywhere.
    return Asset(name, version, media_type, content, gzip.compress(content, 9, mtime=0))


async def serve(request: Request) -> Response:
    """The endpoint for a route `…/{version}/{name}`; another version than the present one is not found."""
    name = request.path_params["name"]
    found = asset(name) if name in FILES else None
    # Never the present content under a former address: browsers would keep it for a year.
    if found is None or request.path_params["version"] != found.version:
        return Response(status_code=404, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})
    if accepts_gzip(request):
        return Response(found.compressed, headers=_HEADERS | {"Content-Encoding": "gzip"}, media_type=found.media_type)
    return Response(found.content, headers=_HEADERS, media_type=found.media_type)


def accepts_gzip(request: Request) -> bool:
    """Whether the answer to a request may be compressed."""
    return "gzip" in request.headers.get("accept-encoding", "")
