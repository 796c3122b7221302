"""Is a binding healthy? What can be told without asking the provider, each finding with its cause and its fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_channels.api import Channel, Check, CheckState
from trinity_channels.store.agent_runs import AgentRuns
from trinity_channels.store.alerts import Alert
from trinity_channels.store.bindings import StoredBinding
from trinity_channels.store.delivery_log import Sent
from trinity_channels.store.notices import RETIRED_ADDRESS, WITHHELD, Notice

OWN_CHECKS = {RETIRED_ADDRESS, *WITHHELD.values()}
"""Notices that a check of their own explains."""
TEST_SHOWN = timedelta(days=1)
"""How long a test message that failed is shown: it tells of one person's phone, and the next test may be months away."""


@dataclass(frozen=True, slots=True)
class Health:
    """`state` is ok, waiting (nothing has arrived yet) or attention; `checks` say why."""

    state: str
    checks: tuple[Check, ...]


def examine(
    stored: StoredBinding,
    manifest: Channel,
    public_url: str | None,
    last_inbound: datetime | None,
    runs: AgentRuns,
    *,
    now: datetime,
    mails: bool,
    last_test: Sent | None = None,
    alerted: Sequence[Alert] = (),
    told: Sequence[Notice] = (),
    old_address_until: datetime | None = None,
    everybody: bool = False,
    escalates: bool = False,
) -> Health:
    """Look at everything that is known of a connected binding.

    Args:
        stored: the binding.
        manifest: its channel.
        public_url: where providers reach this host; None if that is not set.
        last_inbound: when a person last wrote.
        runs: what became of the agent's runs.
        now: the current time.
        mails: whether codes for /login can be mailed.
        last_test: the newest test message, if there is one.
        alerted: the open alerts about it.
        told: what the owner has to act on, of the last day.
        old_address_until: until when a webhook address that was replaced still works; None if none does.
        everybody: whether the agent is open to all.
        escalates: whether the agent has an escalation contact.
    """
    signs_in = not everybody and not manifest.capabilities.verified_email
    checks = [
        _public_url(manifest, public_url),
        _inbound(stored, manifest, public_url, last_inbound),
        _signature(stored, manifest, last_inbound),
        _webhook_address(manifest, told, old_address_until),
        _outbound(stored, last_test, now),
        _agent(runs),
        _mail(mails=mails, needed=signs_in),
        *_alerted(alerted),
        _host_messages(told),
        *_told(told),
        *_escalation(stored.agent, manifest, escalates=escalates),
    ]
    states = {check.state for check in checks}
    if CheckState.FAILED in states or CheckState.WARNING in states:
        state = "attention"
    else:
        state = "waiting" if CheckState.UNKNOWN in states else "ok"
    return Health(state, tuple(checks))


def _public_url(manifest: Channel, public_url: str | None) -> Check:
    if public_url is None:
        return Check(
            "public_chat_url",
            CheckState.FAILED,
            f"public_chat_url is not set, so there is no webhook URL and {manifest.title} cannot reach this agent.",
            "Set your public address under Settings → Public Chat URL (PUT /api/settings/public_chat_url); the webhook URL "
            "appears as soon as it is saved.",
        )
    if public_url.startswith("http://"):
        return Check(
            "public_chat_url",
            CheckState.WARNING,
            "public_chat_url starts with http://, and providers deliver to https:// addresses.",
            "Put a certificate or a tunnel in front of this host and set the https:// address.",
        )
    return Check("public_chat_url", CheckState.OK, "The public address is set.")


def _inbound(stored: StoredBinding, manifest: Channel, public_url: str | None, last_inbound: datetime | None) -> Check:
    if last_inbound is not None:
        return Check("inbound", CheckState.OK, "Messages have arrived.")
    route = f"/api/{stored.channel}/webhook/"
    probe = f" To test the route: curl -X POST {public_url}{route}test must answer 200." if public_url else ""
    steps = "".join(
        f"{step.title}: {step.text} "
        for step in manifest.setup_steps
        if step.connected and step.sandbox in (None, stored.account.sandbox)
    )
    return Check(
        "inbound",
        CheckState.UNKNOWN,
        "No message has arrived yet.",
        f"{steps}If the provider reports 404, your tunnel or proxy does not pass {route}* on to this host: add that route "
        f"(in Cloudflare Tunnel an ingress rule).{probe}",
    )


def _signature(stored: StoredBinding, manifest: Channel, last_inbound: datetime | None) -> Check:
    failed = stored.signature_failed_at
    if failed is None:
        return Check("signature", CheckState.OK, "No webhook was refused.")
    if last_inbound and last_inbound > failed:
        return Check(
            "signature",
            CheckState.OK,
            f"A webhook was refused at {failed:%Y-%m-%d %H:%M} UTC, later ones were accepted.",
        )
    fetched = ""
    if stored.refused_since and manifest.capabilities.list_missed:
        fetched = f" Messages that were refused since {_time(stored.refused_since)} are fetched as soon as it works."
    return Check(
        "signature",
        CheckState.FAILED,
        f"The signature of a webhook was wrong at {failed:%Y-%m-%d %H:%M} UTC, so it was refused. {stored.signature_cause}",
        "Make public_chat_url and the webhook address in the provider's console the same, letter by letter; if they are, "
        f"enter the secret again. The next message that is accepted clears this.{fetched}",
    )


def _webhook_address(manifest: Channel, told: Sequence[Notice], old_until: datetime | None) -> Check:
    fix = f"Enter the webhook URL shown here at {manifest.title}'s provider, in place of the old one."
    late = next((one for one in told if one.code == RETIRED_ADDRESS), None)
    if late:
        return Check(
            "webhook_address",
            CheckState.WARNING,
            f"A message came to a webhook address that has been replaced, at {_time(late.at)}; it was refused (410).",
            fix,
        )
    if old_until and not manifest.capabilities.register_webhook:
        return Check(
            "webhook_address",
            CheckState.UNKNOWN,
            "The webhook address was replaced, and no message has come to the new one yet. The old one works until one has, "
            f"at most until {_time(old_until)}.",
            fix,
        )
    return Check("webhook_address", CheckState.OK, "No message came to a webhook address that has been replaced.")


def _alerted(alerts: Sequence[Alert]) -> Iterator[Check]:
    for one in alerts:
        if one.code == "quiet":  # unusual, but perhaps people are on holiday
            yield Check(one.code, CheckState.WARNING, one.cause, one.fix)
        elif one.code != "signature":  # that is a check of its own
            yield Check(one.code, CheckState.FAILED, one.cause, one.fix)


def _told(told: Sequence[Notice]) -> Iterator[Check]:
    """What the plugin found in webhooks that the owner has to act on; its words say how."""
    for one in told:
        if one.code not in OWN_CHECKS:
            yield Check(one.code, CheckState.WARNING, f"{one.detail} The last one came at {_time(one.at)}.")


def _host_messages(told: Sequence[Notice]) -> Check:
    """Whether the host's own messages stay within their budgets; a single stranger can only use up their own."""
    newest = {one.code: one for one in told}
    if found := newest.get(WITHHELD["binding"]):
        return Check(
            "host_messages",
            CheckState.WARNING,
            f"{found.detail} Prompts, help and confirmations beyond that were withheld, the last at {_time(found.at)}; "
            "answers of the agent are not affected.",
            "If people flood the agent, block them under its clients. If so many people are to be served, raise "
            "TRINITY_CHANNELS_NOTICES_PER_BINDING.",
        )
    if found := newest.get(WITHHELD["contact"]):
        return Check(
            "host_messages",
            CheckState.OK,
            f"{found.detail} The rest was withheld from that person, the last at {_time(found.at)}.",
        )
    return Check("host_messages", CheckState.OK, "No message of the host was withheld in the last day.")


def _outbound(stored: StoredBinding, last_test: Sent | None, now: datetime) -> Check:
    if stored.send_failure is not None:
        return Check(
            "outbound",
            CheckState.FAILED,
            f"A message was not sent: {stored.send_failure}",
            "Correct what it names, here or in the provider's console, then use Verify. What failed meanwhile can be sent "
            f"again: POST /api/agents/{stored.agent}/deliveries/resend, or `trinity-channels deliveries resend --failed "
            f"--agent {stored.agent}`.",
        )
    if last_test and last_test.state == "failed" and now - last_test.updated_at < TEST_SHOWN:
        return Check(
            "outbound",
            CheckState.WARNING,
            f"The test message of {last_test.created_at:%Y-%m-%d %H:%M} UTC did not arrive: "
            f"{last_test.failure_code}: {last_test.failure}",
            "Correct what it names and send another test message; one that is accepted clears this, and so does a day.",
        )
    return Check("outbound", CheckState.OK, "No message was refused for a fault of the account.")


def _agent(runs: AgentRuns) -> Check:
    success = (
        f"The last success was at {_time(runs.answered_at)}." if runs.answered_at else "It has had no success yet."
    )
    trouble = runs.trouble
    if trouble is None:
        return Check("agent", CheckState.OK, f"No turn is parked. {success if runs.answered_at else ''}".rstrip())
    counts = [
        *([_turns(runs.parked, "parked")] if runs.parked else []),
        *([_turns(runs.retried, "tried again")] if runs.retried else []),
    ]
    return Check(
        "agent",
        CheckState.OK if runs.recovered else CheckState.FAILED,
        f"The agent failed: {' and '.join(counts)}. The last reason, at {_time(trouble.at)}: {trouble.reason.rstrip('.')}. "
        f"{success}",
        "Correct the agent or its settings. `trinity-channels failed` lists the parked turns, and "
        "`trinity-channels failed resubmit ID` tries one again.",
    )


def _turns(count: int, state: str) -> str:
    return f"1 turn is {state}" if count == 1 else f"{count} turns are {state}"


def _time(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _mail(*, mails: bool, needed: bool) -> Check:
    if mails:
        return Check("mail", CheckState.OK, "Codes for /login can be mailed.")
    if not needed:
        return Check("mail", CheckState.OK, "Nobody has to sign in for a direct chat, so no mailer is needed.")
    return Check(
        "mail",
        CheckState.WARNING,
        "No mailer is set up, so nobody can verify an e-mail address with /login.",
        "Set SMTP_URL and MAIL_FROM, or open the agent to everybody.",
    )


def _escalation(agent: str, manifest: Channel, *, escalates: bool) -> Iterator[Check]:
    """Where the channel has a rule about it."""
    if escalates and manifest.escalation_rule:
        yield Check("escalation", CheckState.OK, "People are told how to reach a person: by /human and /help.")
    elif manifest.escalation_rule:
        yield Check(
            "escalation",
            CheckState.WARNING,
            f"The rules of {manifest.title} require a way to reach a person, and this agent has no escalation contact: "
            f"{manifest.escalation_rule}",
            f"Store an e-mail address, a phone number or a link (PUT /api/agents/{agent}/escalation-contact), or set "
            f"escalation_contact in [agents.{agent}] of the settings file.",
        )
