"""Reads the settings again for a host that runs, to take over its agents and to name what counts from the next start."""

from __future__ import annotations

from collections.abc import Callable

from trinity_channels.agent_settings import TrinityAgent
from trinity_channels.agents.reload import Configuration, ReloadRefused
from trinity_channels.settings import FILE_ONLY, Settings, SettingsError


def reread(running: Settings, read: Callable[[], Settings]) -> Configuration:
    """What the settings say now, for a host that runs with earlier ones.

    Raises:
        ReloadRefused: they cannot work, or an agent needs something that the running host does not have.
    """
    try:
        found = read()
    except SettingsError as error:
        raise ReloadRefused(tuple(str(error).splitlines())) from error
    strangers = [name for name, agent in found.agents.items() if isinstance(agent, TrinityAgent)]
    if found.serves_platform != running.serves_platform:
        raise ReloadRefused(("agents: restart the host to change between agents with an owner and the platform's",))
    # Refused as a whole: an agent that cannot run must not replace one that does.
    if strangers and running.trinity_url is None:
        raise ReloadRefused(
            tuple(
                f"agents.{name}: needs {running.named('trinity_url')}, which counts from the next start"
                for name in strangers
            )
        )
    fields = [name for name in Settings.model_fields if name not in FILE_ONLY]
    changed = [found.named(key) for key in fields if getattr(found, key) != getattr(running, key)]
    urls = {**running.api_base_urls, **found.api_base_urls}
    changed += [found.named(name) for name in urls if running.api_base_urls.get(name) != found.api_base_urls.get(name)]
    return Configuration(found.agents, tuple(sorted(changed)), complete=not found.serves_platform)
