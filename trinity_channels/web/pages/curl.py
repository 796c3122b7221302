"""The call of the API that does what a page's button does, as a command to copy."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from urllib.parse import quote


def curl(method: str, url: str, body: Mapping[str, object] | None = None) -> str:
    """A command for a POSIX shell that has the token in `$TOKEN`.

    Args:
        method: such as "PUT".
        url: the full address.
        body: what is sent as JSON; leave secrets out and put a placeholder.
    """
    verb = "" if method == "GET" else f"-X {method} "
    # A variable, so that no token stands in the page or in the shell's history.
    lines = [f"curl {verb}{shlex.quote(url)}", '  -H "Authorization: Bearer $TOKEN"']
    if body is not None:
        lines.append('  -H "Content-Type: application/json"')
        # Quoted for the shell: names and texts of people stand in it.
        lines.append(f"  -d {shlex.quote(json.dumps(body, ensure_ascii=False))}")
    return " \\\n".join(lines)


def agent_api(agent: str) -> str:
    """Where the API has an agent."""
    return f"/api/agents/{quote(agent, safe='')}"
