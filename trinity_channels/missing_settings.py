"""Which settings need others that are not there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def missing(values: Mapping[str, Any], named: Callable[[str], str]) -> dict[str, bool]:
    """What would be missing, by its sentence; the values are not validated yet."""
    smtp, trinity = named("smtp_url"), named("trinity_url")
    agents = values.get("agents")
    tables = list(agents.values()) if isinstance(agents, Mapping) else []
    runtimes = [one.get("runtime") if isinstance(one, Mapping) else getattr(one, "runtime", None) for one in tables]
    owned = [bool(one.get("owner") if isinstance(one, Mapping) else getattr(one, "owner", None)) for one in tables]
    given = {name for name, value in values.items() if value}
    return {
        "agents: either all of them have an owner, or none has and all are the platform's": (
            any(owned) and any(run == "trinity" and not one for run, one in zip(runtimes, owned, strict=True))
        ),
        f"{named('mail_from')} is missing, {smtp} needs it": "smtp_url" in given and "mail_from" not in given,
        f"{named('trinity_token')} is missing, {trinity} needs it": "trinity_url" in given
        and "trinity_token" not in given,
        f'{trinity} is missing, runtime = "trinity" needs it': "trinity" in runtimes and "trinity_url" not in given,
    }
