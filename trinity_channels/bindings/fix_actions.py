"""How the actions that findings name are done: the call of the API, and the commands. Pages draw buttons for the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trinity_channels.api import FixAction


@dataclass(frozen=True, slots=True)
class Way:
    """`{agent}` and `{channel}` stand for where it is done; `commands` are empty where there is none."""

    method: str
    path: str
    commands: tuple[str, ...] = ()
    body: Mapping[str, Any] | None = None


_BINDING = "/api/agents/{agent}/{channel}"
DOCTOR = "trinity-channels doctor"
WAYS: Mapping[FixAction, Way] = {
    FixAction.EDIT: Way("PUT", _BINDING, ("trinity-channels connect {agent} {channel}",), {}),
    FixAction.VERIFY: Way("POST", f"{_BINDING}/test", (DOCTOR,), {}),
    FixAction.SET_WEBHOOK: Way(
        "POST", f"{_BINDING}/set-webhook", ("trinity-channels set-webhook {agent} {channel}",), {}
    ),
    FixAction.SEE_WEBHOOK: Way("GET", _BINDING),
    FixAction.PROBE: Way("POST", f"{_BINDING}/probe", (DOCTOR,)),
    FixAction.TEST_MESSAGE: Way("POST", f"{_BINDING}/test", body={}),
    FixAction.SEE_FAILED_TURNS: Way(
        "GET",
        "/api/agents/{agent}/failed-turns",
        (
            "trinity-channels failed",
            "trinity-channels failed resubmit ID",
            "trinity-channels failed forget ID",
        ),
    ),
    FixAction.RESEND: Way(
        "POST",
        "/api/agents/{agent}/deliveries/resend",
        ("trinity-channels deliveries resend --failed --agent {agent}",),
        {},
    ),
    FixAction.SET_PUBLIC_URL: Way("PUT", "/api/settings/public_chat_url", body={"value": "https://…"}),
    FixAction.SEE_CLIENTS: Way("GET", "/api/agents/{agent}/clients"),
    FixAction.SET_POLICY: Way("PUT", "/api/agents/{agent}/access-policy", body={"policy": "open"}),
    FixAction.SET_ESCALATION: Way("PUT", "/api/agents/{agent}/escalation-contact", body={"contact": "…"}),
}


def commands(actions: Iterable[FixAction], agent: str, channel: str) -> list[str]:
    """The commands that do these actions, each once."""
    return list(dict.fromkeys(_commands(actions, agent, channel)))


def calls(actions: Iterable[FixAction], agent: str, channel: str) -> list[str]:
    """The same for a terminal: where there is no command, the call of the API."""
    ways = [WAYS[action] for action in actions]
    named = (one for way in ways for one in way.commands or (f"{way.method} {way.path}",))
    return list(dict.fromkeys(one.format(agent=agent, channel=channel) for one in named))


def _commands(actions: Iterable[FixAction], agent: str, channel: str) -> Iterator[str]:
    for action in actions:
        for command in WAYS[action].commands:
            yield command.format(agent=agent, channel=channel)
