"""What a probe shows about each leg of the way in, and how to fix the leg that fails.

The legs in order: `dns`, `connection`, `tls`, `reached`, `unchanged`, `signature`, `stored`. Those behind the first that
failed are unknown.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Collection, Iterator
from typing import TypeVar
from urllib.parse import urlsplit

import httpx

from trinity_channels.api import Check, CheckState
from trinity_channels.inbound.way_in.elsewhere import LONGEST, Answer, arrived_elsewhere
from trinity_channels.inbound.way_in.probe import QUERY, Arrived, Probe
from trinity_channels.public_url import leads_to_this_machine
from trinity_channels.visible import cleaned_name

LEGS = {
    "dns": "The name of the public address is found.",
    "connection": "Connections to the public address are accepted.",
    "tls": "The certificate of the public address is valid.",
    "reached": "What is sent to the public address arrives at this host.",
    "unchanged": "It arrives unchanged.",
    "signature": "Its signature is right.",
    "stored": "What it brings is stored.",
}
_LOCAL = "The public address is one of this machine: only a simulator here can reach it, and no provider outside."
_NO_TLS = "The public address starts with http://: nothing is encrypted, and providers deliver to https:// addresses."
# How OpenSSL names the answer of a server without TLS, before and since 3.2.
_NOT_TLS = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}
DATABASE = (
    "Look at the log of this host, and at the space and the permissions of its data folder, or at its database server."
)
_Error = TypeVar("_Error", bound=Exception)


def unanswered(probe: Probe, error: Exception) -> list[Check]:
    """The legs of a probe that no answer came back for."""
    target = urlsplit(probe.base)
    where = f"{target.hostname}, port {target.port or {'http': 80, 'https': 443}[target.scheme]}"
    # It came in, so all legs up to here are right, whatever error the way back gave.
    if probe.arrived:
        message = (
            f"A request to {target.netloc} arrived at this host, but its answer did not come back ({_name(error)})."
        )
        return _failed(probe, "reached", message, "Look at the log of the proxy or tunnel in front of this host.")
    # From the outermost leg inwards: the first that failed explains all behind it.
    if unknown := _cause(error, socket.gaierror):
        message = f"The name {target.hostname} of the public address is not found ({unknown.strerror or unknown})."
        fix = "Correct public_chat_url, or add a DNS record for the name. A new record may take minutes to be seen."
        return _failed(probe, "dns", message, fix)
    # Before the connection: httpx reports a bad certificate as a failed connect, too.
    if insecure := _cause(error, ssl.SSLError):
        why = getattr(insecure, "verify_message", "") or insecure.reason or str(insecure)
        message = f"A secure connection to {where} is not possible: {why}."
        return _failed(probe, "tls", message, _tls_fix(insecure))
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
        message = f"No connection to {where}: {_why(error)}."
        fix = (
            "Start the proxy or tunnel there, open the port in the firewall, or correct public_chat_url. If providers do "
            "reach it and only this machine does not, let the name resolve to the proxy's inner address here."
        )
        return _failed(probe, "connection", message, fix)
    message = f"{where} takes the connection, but gave no answer to a request ({_name(error)})."
    return _failed(
        probe, "reached", message, "Look at the log of the proxy or tunnel there: it may wait for this host."
    )


def _tls_fix(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "Renew or replace the certificate there, with its whole chain; providers refuse it as this host does."
    if error.reason in _NOT_TLS:
        return (
            "What listens there does not speak TLS: let the proxy or tunnel serve https:// on this port, or correct the "
            "port in public_chat_url."
        )
    return "Correct the TLS settings of what listens there; its log says why it ended the connection."


def answered(probe: Probe, answer: Answer, acknowledgement: bytes) -> list[Check]:
    """The legs of a probe that was answered, by this host or by something else.

    Args:
        probe: with what was noted of it when it arrived.
        answer: what came back.
        acknowledgement: the body with which this channel answers requests for unknown keys.
    """
    # Only our own routes answer this way, so the request is here, but was not recognised.
    if probe.arrived is None and answer.json.get("code") == "store_unavailable":
        message = "A request arrived, but the database could not be asked whose address it came to."
        return _failed(probe, "stored", message, DATABASE, unknown=("unchanged", "signature"))
    # Only a process of this host knows the proof; what it could not note could not be stored either.
    if probe.arrived is None and answer.json.get("probe") == probe.proof():
        message = (
            "Another process of this host has received the request, and its database could not store what it brought."
        )
        return _failed(probe, "stored", message, DATABASE, unknown=("unchanged", "signature"))
    if probe.arrived is None:
        return _failed(probe, "reached", *arrived_elsewhere(probe, answer, acknowledgement))
    if difference := _difference(probe, probe.arrived):
        return _failed(probe, "unchanged", *difference)
    if not probe.is_authentic():
        message = "The request arrived without its signature: a proxy removed or changed a header."
        return _failed(probe, "signature", message, "Let the proxy pass all request headers on.")
    if not probe.stored:
        return _failed(probe, "stored", f"The database could not store what arrived: {probe.trouble}.", DATABASE)
    if answer.json.get("probe") != probe.proof():
        message = f"The request arrived and was stored, but a proxy answered in place of this host ({answer.status})."
        return _failed(probe, "reached", message, "Let the proxy pass this host's answers back.")
    return list(_passed(probe, _note(probe, probe.arrived)))


def _failed(probe: Probe, leg: str, message: str, fix: str, unknown: Collection[str] = ()) -> list[Check]:
    """All legs, of which one failed; the ones behind it are unknown, and so are those in `unknown`."""
    checks = []
    behind = False
    for check in _passed(probe):
        if check.code == leg:
            checks.append(Check(leg, CheckState.FAILED, message, fix))
            behind = True
        elif behind or check.code in unknown:
            checks.append(Check(check.code, CheckState.UNKNOWN, f"Not known, because the check {leg} failed."))
        else:
            checks.append(check)
    return checks


def _passed(probe: Probe, note: str = "") -> Iterator[Check]:
    for leg, message in LEGS.items():
        if leg == "tls" and leads_to_this_machine(probe.base):
            yield Check(
                leg, CheckState.WARNING, _LOCAL, "Set the https:// address at which the internet reaches this host."
            )
        elif leg == "tls" and probe.base.startswith("http://"):
            yield Check(leg, CheckState.WARNING, _NO_TLS, "Put a certificate or a tunnel in front of this host.")
        else:
            yield Check(leg, CheckState.OK, message + (note if leg == "unchanged" else ""))


def _difference(probe: Probe, at: Arrived) -> tuple[str, str] | None:
    if at.method != "POST":
        return (
            f"A proxy changed the method from POST to {at.method}.",
            "Let it pass requests on without redirecting them.",
        )
    if at.query != QUERY:
        message = f"A proxy changed the query: ?{QUERY} was sent, ?{cleaned_name(at.query)[:LONGEST]} arrived."
        return message, "Let the proxy pass the query on as it is; some providers sign it."
    if at.body != probe.body:
        return (
            "A proxy changed the body of the request.",
            "Let the proxy pass bodies on as they are; providers sign them.",
        )
    return None


def _note(probe: Probe, at: Arrived) -> str:
    """What a proxy changed without harm: signatures are checked against the configured address."""
    ours = urlsplit(probe.base)
    changed = []
    if at.scheme != ours.scheme:
        changed.append(f"scheme {at.scheme}")
    if at.host.lower() != ours.netloc.lower():
        changed.append(f"host {at.host}")
    named = cleaned_name(" and ".join(changed))[:LONGEST]
    return f" A proxy names the {named} instead, which does no harm." if named else ""


def _cause(error: BaseException, kind: type[_Error]) -> _Error | None:
    """The first error of a kind in the chain that led to an error."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, kind):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _why(error: Exception) -> str:
    found = _cause(error, OSError)
    return (found.strerror if found else None) or str(error) or type(error).__name__


def _name(error: Exception) -> str:
    return "time-out" if isinstance(error, TimeoutError | httpx.TimeoutException) else type(error).__name__
