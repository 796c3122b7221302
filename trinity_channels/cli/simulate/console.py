"""The server of `simulate`: the provider's simulator, and a console where its owner enters the webhook URL."""

from __future__ import annotations

import hmac
import secrets
import shlex
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import Mount, Route

from trinity_channels import assets
from trinity_channels.api import Channel, Simulator
from trinity_channels.bindings.given_settings import secret_names
from trinity_channels.cli.variables import variable
from trinity_channels.public_url import normalise_url

HERE = Path(__file__).parent
HTML = Template((HERE / "console.html").read_text(encoding="utf-8"))
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
REGISTERED = "<h2>3. Write</h2><p>The host enters its webhook URL automatically when the agent is connected.</p>"
FETCHED = "<h2>3. Write</h2><p>The host fetches the messages, as soon as the agent is connected.</p>"
LONGEST = 4096
"""Bytes of a form that is read."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulator at its address, and how a host is configured for it. `listening`: the host fetches the messages."""

    manifest: Channel
    simulator: Simulator
    base_url: str
    listening: bool = False

    @property
    def variable(self) -> str:
        """What makes a host call the simulator in place of the provider."""
        return f"{self.manifest.provider.upper()}_API_BASE_URL"

    def connect_command(self, agent: str = "AGENT") -> str:
        """The command that connects an agent to the simulated account; its credentials are invented."""
        settings, secret = self.simulator.settings(), secret_names(self.manifest)
        given = {name: shlex.quote(value) for name, value in settings.items()}
        # As `connect` wants them: secrets in the environment, never on the command line.
        variables = [f"{variable(self.manifest, name)}={value}" for name, value in given.items() if name in secret]
        options = [f"  --set {name}={value}" for name, value in given.items() if name not in secret]
        command = f"trinity-channels connect {agent} {self.manifest.name}{' --listen' if self.listening else ''}"
        return " \\\n".join([*variables, command, *options])


def application(simulated: Simulated) -> Starlette:
    """The console at `/`, the simulator under its channel's name."""
    console = _Console(simulated)
    return Starlette(
        routes=[
            Route("/", console.page, methods=["GET"]),
            Route("/console.css", _style, methods=["GET"]),
            Route("/assets/{version}/{name}", assets.serve, methods=["GET"]),
            Route("/webhook", console.enter, methods=["POST"]),
            Mount(f"/{simulated.manifest.name}", simulated.simulator.app),
        ],
        # A page elsewhere that resolves its own name to this machine must not use the simulator.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


def _asset(name: str) -> str:
    return f"/assets/{assets.asset(name).path}"


async def _style(_: Request) -> Response:
    return FileResponse(HERE / "console.css", media_type="text/css", headers=HEADERS)


class _Console:
    def __init__(self, simulated: Simulated) -> None:
        self._simulated = simulated
        self._form_key = secrets.token_urlsafe(24)  # what no foreign page can post

    async def page(self, request: Request) -> Response:
        return self._page("Saved. Write on the phone now." if "saved" in request.query_params else "")

    async def enter(self, request: Request) -> Response:
        """Do what an owner does in the provider's console."""
        form = await _form(request)
        # A page elsewhere could post to this address, but cannot read the key from ours.
        if not hmac.compare_digest(form.get("key", "").encode(), self._form_key.encode()):
            return self._page("This form is out of date. Please enter the address again.", 403)
        try:
            self._simulated.simulator.connect(webhook_url(form.get("url", "")))
        except ValueError as error:
            return self._page(f"The webhook URL {error}.", 422)
        return RedirectResponse("/?saved", 303, headers=HEADERS)

    def _page(self, note: str = "", status: int = 200) -> Response:
        one = self._simulated
        registered = one.manifest.capabilities.registers_unasked(sandbox=False)
        page = HTML.substitute(
            title=escape(one.manifest.title),
            phone=f"/{one.manifest.name}",
            pico=_asset("pico.min.css"),
            channels=_asset("channels.css"),
            variable=one.variable,
            base_url=escape(one.base_url),
            connect=escape(one.connect_command()),
            webhook=FETCHED if one.listening else REGISTERED if registered else self._form(note),
        )
        return HTMLResponse(page, status, headers=HEADERS)

    def _form(self, note: str) -> str:
        told = f'<p class="alert" role="status">{escape(note)}</p>' if note else ""
        return (
            f"<h2>3. Enter the webhook URL</h2>{told}"
            '<form class="stack" method="post" action="/webhook">'
            f'<input type="hidden" name="key" value="{self._form_key}">'
            '<div class="field"><label for="url">The URL that the host shows for the agent</label>'
            '<input id="url" name="url" type="url" required></div>'
            '<p><button class="primary">Save</button></p></form>'
        )


def webhook_url(text: str) -> str:
    """An address that a provider can post to.

    Raises:
        ValueError: it is none; the text goes on after "The webhook URL".
    """
    return normalise_url(text.strip())


async def _form(request: Request) -> dict[str, str]:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LONGEST:
            return {}
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
