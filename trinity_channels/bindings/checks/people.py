"""Can people sign in, are they let in, and can they reach a person?"""

from __future__ import annotations

from collections.abc import Iterator

from trinity_channels.api import Check, CheckState, FixAction
from trinity_channels.bindings.checks.known import Known


def mail(known: Known) -> Check:
    """Whether people who have to sign in can."""
    if known.mails:
        return Check("mail", CheckState.OK, "Codes for /login can be mailed.")
    # A missing mailer is not an error where no one needs a code.
    if known.open_to_all or known.manifest.capabilities.verified_email:
        return Check("mail", CheckState.OK, "Signing in is not required for a direct chat, so no mailer is needed.")
    return Check(
        "mail",
        CheckState.WARNING,
        "No mailer is set up, so e-mail addresses cannot be verified with /login.",
        "Set TRINITY_CHANNELS_SMTP_URL and TRINITY_CHANNELS_MAIL_FROM, or set the agent's policy to open.",
        (FixAction.SET_POLICY,),
    )


def sharing(known: Known) -> Iterator[Check]:
    """Where whom the agent is shared with is told by another system, and that does not tell it."""
    if known.unseen_shares and not known.open_to_all:
        yield Check(
            "sharing",
            CheckState.FAILED,
            f"People whom the agent is shared with are not let in. {known.unseen_shares}",
        )


def escalation(known: Known) -> Iterator[Check]:
    """Where the channel has a rule about it."""
    title, agent = known.manifest.title, known.stored.agent
    if known.escalates and known.manifest.escalation_rule:
        yield Check("escalation", CheckState.OK, "/human and /help show how to reach a person.")
    elif known.manifest.escalation_rule:
        yield Check(
            "escalation",
            CheckState.WARNING,
            f"The rules of {title} require a way to reach a person, and this agent has no escalation contact: "
            f"{known.manifest.escalation_rule}",
            "Store an e-mail address, a phone number or a link for it, or set escalation_contact in "
            f"[agents.{agent}] of the settings file.",
            (FixAction.SET_ESCALATION,),
        )
