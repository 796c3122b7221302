"""The report of `explain`: the facts about a person, the rule that applies, and what happens to their next message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from trinity_channels.access import gate
from trinity_channels.access.directory import is_suspended, owner_email, share_of
from trinity_channels.access.gate import AccessSubject, Decision, Policy
from trinity_channels.access.lifetime import Lifetime
from trinity_channels.api import Channel
from trinity_channels.app import Host
from trinity_channels.cli.offline import moment
from trinity_channels.email_address import normalise_email
from trinity_channels.ports import utc_now
from trinity_channels.store import Tx, access, agent_runs, people
from trinity_channels.store.access import AccessRequest
from trinity_channels.store.agent_runs import Trouble
from trinity_channels.store.people import ListedContact
from trinity_channels.store.verified_emails import Source

OUTCOMES = {
    Decision.ALLOW: "A message now goes to the agent.",
    Decision.SILENT: "A message now is dropped, and the person gets no answer.",
    Decision.ASK_LOGIN: "A message now is held, and the person is asked to sign in with /login.",
    Decision.REQUEST_ACCESS: "A message now is held until the owner lets them in.",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """The answer about one person."""

    title: str
    facts: list[tuple[str, str]] = field(repr=False)
    outcome: str
    rule: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What is stored about the address."""

    policy: Policy
    contacts: list[tuple[ListedContact, int, list[Trouble]]]
    requests: dict[str, AccessRequest]


async def look_up(host: Host, agent: str, address: str) -> list[Asked]:
    """One answer per contact with this address or verified e-mail; one about an unknown person if there is none."""
    email = _email(address)
    # In its usual spelling where it is an e-mail, as it is stored.
    found = await host.store.read(lambda tx: _read(tx, agent, email or address))
    if found.contacts:
        return [await _contact(host, agent, found, *one) for one in found.contacts]
    return [await _stranger(host, agent, found, address, email)]


def _email(address: str) -> str | None:
    try:
        return normalise_email(address)
    except ValueError:
        return None


def _read(tx: Tx, agent: str, address: str) -> _Found:
    policy, _ = gate.policies(access.policies(tx, agent))
    found = people.find(tx, agent, address)
    contacts = [(one, people.held(tx, one.id), agent_runs.of_contact(tx, one.id)) for one in found]
    # An address may be an e-mail that no one has signed in with yet, and still have a request.
    emails = {address, *(contact.email for contact in found if contact.email)}
    requests = {email: one for email in emails if (one := access.request_of(tx, agent, email))}
    return _Found(policy, contacts, requests)


async def _contact(
    host: Host, agent: str, found: _Found, contact: ListedContact, held: int, troubles: list[Trouble]
) -> Asked:
    # The same facts and the same function as the gate itself, so that this cannot tell another story.
    has_access = contact.email is not None and await host.directory.may_use(agent, contact.email)
    subject = AccessSubject(
        contact.email, contact.blocked, has_access, suspended=await is_suspended(host.directory, contact.email)
    )
    manifest = host.plugins[contact.channel].manifest if contact.channel in host.plugins else None
    title = host.plugins.title(contact.channel)
    facts = [
        ("Policy", str(found.policy)),
        ("Verified e-mail", _verified(contact, title, host.self_service.lifetime)),
        ("Access", await _access(host, agent, contact.email)),
        ("Blocked", "yes" if contact.blocked else "no"),
        ("Access request", _request(found.requests.get(contact.email or ""))),
        ("Reply window", _window(manifest, contact.last_direct, utc_now())),
        ("Held messages", str(held)),
        ("Proactive", _proactive(contact)),
        *(("Not answered", _trouble(one)) for one in troubles),
    ]
    name = f"{contact.name}, " if contact.name else ""
    return Asked(
        f"{name}{contact.address} on {title}, agent {agent}",
        facts,
        OUTCOMES[gate.decide(found.policy, subject)],
        gate.explain(found.policy, subject),
    )


async def _stranger(host: Host, agent: str, found: _Found, address: str, email: str | None) -> Asked:
    facts = [("Policy", str(found.policy))]
    if email is None:
        blocked = await host.store.read(lambda tx: host.blocks.keeps_out(tx, agent, address))
        facts += [("Blocked", "yes, a person with this address was blocked and erased")] if blocked else []
        subject, when = AccessSubject(None, blocked=blocked, has_access=False), "If they write: "
        title = f"No messages to {agent} from {address}"
    else:
        subject = AccessSubject(
            email,
            blocked=False,
            has_access=await host.directory.may_use(agent, email),
            suspended=await is_suspended(host.directory, email),
        )
        when = "Once they have written and signed in: "
        title = f"No one has signed in to {agent} as {email}"
        facts += [
            ("Access", await _access(host, agent, email)),
            ("Access request", _request(found.requests.get(email))),
        ]
    outcome = OUTCOMES[gate.decide(found.policy, subject)]
    return Asked(title, facts, when + outcome[0].lower() + outcome[1:], gate.explain(found.policy, subject))


async def _access(host: Host, agent: str, email: str | None) -> str:
    if email is None:
        return "none, without a verified e-mail"
    if email == await owner_email(host.directory, agent):
        return "owner"
    share = await share_of(host.directory, agent, email)
    if share:
        proactive = "may" if share.allow_proactive else "may not"
        return f"shared since {moment(share.created_at)}; the agent {proactive} write first"
    return "allowed" if await host.directory.may_use(agent, email) else "not shared"


def _verified(contact: ListedContact, channel: str, lifetime: Lifetime) -> str:
    verification = contact.verification
    if verification is None and contact.signed_out_at:
        return f"none: signed out or unlinked at {moment(contact.signed_out_at)}, until they sign in"
    if verification is None:
        return "none"
    how = {Source.CODE: "with a mailed code", Source.PROVIDER: f"by {channel}", None: "in a way not on record"}
    since, used = moment(verification.verified_at), moment(verification.used_at)
    verified = f"{verification.email}, verified {how[verification.source]} at {since}"
    return f"{verified}; last used at {used}, ends at {moment(lifetime.ends_at(verification))} if unused"


def _trouble(trouble: Trouble) -> str:
    then = f"tried again at {moment(trouble.next_at)}" if trouble.next_at else "waits for a decision"
    return f"question {trouble.turn}, {then}; at {moment(trouble.at)}: {trouble.reason}"


def _request(request: AccessRequest | None) -> str:
    if request is None:
        return "none"
    at = request.decided_at or request.requested_at
    return f"{request.outcome} since {moment(at)}"


def _proactive(contact: ListedContact) -> str:
    if contact.stopped:
        return "stopped by the person"
    if contact.unreachable_at:
        since = moment(contact.unreachable_at)
        return (
            f"refused since {since}: the provider reported that the person blocked it or unsubscribed; until they write"
        )
    return "not stopped by the person"


def _window(manifest: Channel | None, last: datetime | None, now: datetime) -> str:
    if manifest is None:
        return "unknown: the channel's plugin cannot be used"
    if manifest.reply_window is None:
        return "always open"
    if last is None:
        return "closed: they have never written in a direct chat"
    closes = last + manifest.reply_window
    return f"open until {moment(closes)}" if now < closes else f"closed since {moment(closes)}"
