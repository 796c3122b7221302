"""`/docs` of a host that runs alone: the API's description in Swagger UI, of which every byte comes from this host.

FastAPI's own page loads scripts from a network of strangers onto the origin where owners type their tokens, and stays
blank without the internet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from trinity_channels.web.errors import SAFE_HEADERS
from trinity_channels.web.local import Entrance

# relative addresses, so that the page also works below a path
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>trinity_channels: the API</title>
<link rel="icon" href="docs/favicon.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>This page needs JavaScript; <a href="openapi.json">openapi.json</a> says the same.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
# validatorUrl: by default the description would be sent to swagger.io to be judged
_START = 'SwaggerUIBundle({url: "openapi.json", dom_id: "#swagger-ui", deepLinking: true, validatorUrl: null});\n'
_FILES = ("favicon.png", "swagger-ui.css", "swagger-ui-bundle.js")
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "style-src 'self' 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}


def routes(entrance: Entrance, description: Callable[[], dict[str, Any]]) -> list[Route]:
    """The page, its first script, the files of Swagger UI, which are read when they are asked for, and the description."""

    async def described(_: Request) -> Response:
        return JSONResponse(description(), headers=SAFE_HEADERS)

    pages = {
        "/docs": _page,
        "/docs/start.js": _start,
        **{f"/docs/{name}": _file(name) for name in _FILES},
        "/openapi.json": described,
    }
    return [Route(path, entrance.guarded(page), methods=["GET"]) for path, page in pages.items()]


async def _page(_: Request) -> Response:
    return HTMLResponse(_PAGE, headers=_HEADERS)


async def _start(_: Request) -> Response:
    return Response(_START, media_type="text/javascript", headers=_HEADERS)


def _file(name: str) -> Callable[[Request], Awaitable[Response]]:
    async def answer(_: Request) -> Response:
        # Only names of the list above have a route, so no path is made of what was asked for.
        return FileResponse(_assets() / name, headers=_HEADERS)

    return answer


def _assets() -> Path:
    """Where the package's files are; it is only found and never imported, for its code is not what we use."""
    spec = find_spec("fastapi_offline")
    assert spec is not None  # noqa: S101  a dependency of ours
    assert spec.origin is not None  # noqa: S101  it is a package with an `__init__.py`
    return Path(spec.origin).parent / "static"
