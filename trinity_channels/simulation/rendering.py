"""Templates of the pages of simulators, and what every page loads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment
from starlette.requests import Request

from trinity_channels import assets
from trinity_channels.simulation.mailbox import code_of, with_links
from trinity_channels.templates import templates

SHARED = Path(__file__).parent / "templates"
"""`document.html`, which pages extend, and `m.html` with the macros of live parts and forms."""
THEME_COOKIE = "trinity_channels_theme"
"""The host's cookie for the chosen colours; cookies know no ports, so that pages of one machine look alike."""
SHEETS = ("pico.min.css", "channels.css")
SCRIPTS = ("htmx.min.js", "hx-sse.min.js", "channels.js")


def environment(*folders: Path) -> Environment:
    """The templates of these folders and the shared ones."""
    made = templates(*folders, SHARED)
    made.globals |= {"code_of": code_of, "with_links": with_links}
    return made


def loaded(request: Request, root: str) -> dict[str, Any]:
    """What the head of a page names, and the icons; `root` is where `assets/` is served, with a slash at its end."""
    theme = request.cookies.get(THEME_COOKIE, "")
    return {
        "theme": theme if theme in {"light", "dark"} else "",
        "sheets": [_address(root, name) for name in SHEETS],
        "scripts": [_address(root, name) for name in SCRIPTS],
    }


def icons(root: str) -> str:
    """The address of the icons."""
    return _address(root, "icons.svg")


def _address(root: str, name: str) -> str:
    return f"{root}assets/{assets.asset(name).path}"
