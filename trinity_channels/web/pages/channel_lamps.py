"""The way of a message as lamps: provider, public address and signature or the connection, stored, answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from markupsafe import Markup

from trinity_channels.api import Check, CheckState
from trinity_channels.bindings.listening import Listening
from trinity_channels.bindings.status import Connection

_ADDRESS = frozenset({"dns", "connection", "tls", "reached", "unchanged"})
"""The legs of a probe that belong to the public address."""
UNSENT = "the last answer was not sent"
"""Of the last lamp: there is an answer, but it has reached no one."""


@dataclass(frozen=True, slots=True)
class Lamp:
    """`kind` is good, warn, bad or off; a lamp that is off has nothing to show yet."""

    kind: str
    name: str
    text: str | Markup

    @property
    def clause(self) -> str | Markup:
        """The same within a sentence. Some texts have a subject of their own; of the others it is the name."""
        if self.text.startswith(("the ", "a ")):
            return self.text
        return Markup("the {} {}").format(self.name.lower(), self.text)


def lamps(at: Connection, ago: Callable[[datetime], Markup]) -> list[Lamp]:
    """The lamps, five or, of a binding that listens, four; what lies behind the first one that is bad is not reached."""
    found = {check.code: check for check in at.health.checks}
    probed = at.probed.checks if at.probed and not at.listens else ()
    way_in = [_connection(at.connection, ago)] if at.connection else _webhook(at, found, probed, ago)
    every = [_provider(at, found), *way_in, _stored(at, probed, ago), _answered(at, found, ago)]
    broken = next((number for number, lamp in enumerate(every) if lamp.kind == "bad"), len(every))
    return [
        replace(lamp, kind="off", text="not reached") if number > broken else lamp for number, lamp in enumerate(every)
    ]


def _connection(at: Listening, ago: Callable[[datetime], Markup]) -> Lamp:
    name = "Connection"
    if at.connected_since:
        return Lamp("good", name, Markup("open, made {}").format(ago(at.connected_since)))
    if at.refused:
        return Lamp("bad", name, "is refused")
    if at.error:
        return Lamp("bad" if at.next_try else "warn", name, "cannot be made")
    return Lamp("off", name, "not made yet")


def _webhook(
    at: Connection, found: Mapping[str, Check], probed: Sequence[Check], ago: Callable[[datetime], Markup]
) -> list[Lamp]:
    return [_address(at, found, probed, ago), _signature(at, found, probed)]


def _provider(at: Connection, found: Mapping[str, Check]) -> Lamp:
    name = "Provider"
    if found["credentials"].state is CheckState.FAILED:
        return Lamp("bad", name, "the stored secrets cannot be read")
    checks = {check.code: check for check in at.verified.checks} if at.verified else {}
    credentials = checks.get("credentials")
    if credentials and credentials.state is CheckState.FAILED:
        return Lamp("bad", name, "refuses the credentials")
    if credentials and credentials.state is CheckState.UNKNOWN:
        return Lamp("warn", name, "could not be asked")
    if (hook := checks.get("webhook")) and hook.state is CheckState.FAILED:
        return Lamp("bad", name, "does not post to this agent")
    if found["outbound"].state is CheckState.FAILED:
        return Lamp("warn", name, "refused the last message")
    return Lamp("good", name, "accepts the credentials" if credentials else "accepted the credentials")


def _address(
    at: Connection, found: Mapping[str, Check], probed: Sequence[Check], ago: Callable[[datetime], Markup]
) -> Lamp:
    name = "Public address"
    if found["public_chat_url"].state is CheckState.FAILED:
        return Lamp("bad", name, "is not set")
    if found["webhook_path"].state is CheckState.FAILED and _failed(probed, _ADDRESS):
        return Lamp("bad", name, "a probe did not get through")
    if found["public_chat_url"].state is CheckState.WARNING:
        return Lamp("warn", name, "cannot be reached from outside")
    if at.probed:
        return Lamp("good", name, Markup("a probe got through {}").format(ago(at.probed.at)))
    if at.last_inbound:
        return Lamp("good", name, "messages get through")
    return Lamp("off", name, "not tried yet")


def _signature(at: Connection, found: Mapping[str, Check], probed: Sequence[Check]) -> Lamp:
    name = "Signature"
    if found["signature"].state is CheckState.FAILED:
        return Lamp("bad", name, "was wrong, so messages are refused")
    if _failed(probed, {"signature"}):
        return Lamp("bad", name, "of the probe was wrong")
    if at.last_inbound:
        return Lamp("good", name, "valid on the last message")
    if probed:
        return Lamp("good", name, "valid on the probe")
    return Lamp("off", name, "nothing to check yet")


def _stored(at: Connection, probed: Sequence[Check], ago: Callable[[datetime], Markup]) -> Lamp:
    name = "Stored"
    if _failed(probed, {"stored"}):
        return Lamp("bad", name, "the probe was not stored")
    if at.last_inbound:
        return Lamp("good", name, Markup("last message {}").format(ago(at.last_inbound)))
    if probed:
        return Lamp("good", name, "the probe was stored")
    return Lamp("off", name, "no message yet")


def _answered(at: Connection, found: Mapping[str, Check], ago: Callable[[datetime], Markup]) -> Lamp:
    name = "Answered"
    if found["agent"].state is CheckState.FAILED:
        return Lamp("bad", name, "the agent fails")
    if found["outbound"].state is CheckState.FAILED:
        return Lamp("bad", name, UNSENT)
    if at.last_answered:
        return Lamp("good", name, Markup("last time {}").format(ago(at.last_answered)))
    return Lamp("off", name, "nothing to answer yet")


def _failed(checks: Sequence[Check], codes: frozenset[str] | set[str]) -> bool:
    return any(check.code in codes and check.state is CheckState.FAILED for check in checks)
