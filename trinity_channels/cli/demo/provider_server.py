"""The second server of the demo: the simulated providers with their phones, the mailbox, and the demo's own page."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount

from trinity_channels.api import Simulator
from trinity_channels.cli.demo.pages import DemoPages
from trinity_channels.cli.errors import CommandFailed
from trinity_channels.simulation.mailbox import WithMailbox


def provider_server(simulators: Mapping[str, Simulator], pages: DemoPages) -> Starlette:
    """The application of the second server: the demo's pages, and every simulator under its channel's name."""
    return Starlette(
        routes=[
            *pages.routes(),
            *(
                Mount(f"/{name}", WithMailbox(simulator.app, pages.mailbox, pages.beside))
                for name, simulator in simulators.items()
            ),
        ],
        # A page elsewhere that resolves its own name to this machine must not read mail or approve requests.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
        exception_handlers={CommandFailed: _failed},
    )


async def _failed(_: Request, error: Exception) -> Response:
    return JSONResponse({"message": str(error)}, 502)
