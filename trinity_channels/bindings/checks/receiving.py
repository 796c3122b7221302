"""Can messages come in? The stored secrets, the public address, and what came to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from trinity_channels.api import Check, CheckState, FixAction
from trinity_channels.bindings.checks.known import Known, spoken
from trinity_channels.public_url import leads_to_this_machine
from trinity_channels.store.notices import RETIRED_ADDRESS, WEBHOOK_TO_SET


def opened(known: Known) -> Check:
    """Whether the stored secrets can be read; without them nothing is received or sent."""
    if not known.locked:
        return Check("credentials", CheckState.OK, "The stored secrets can be read.")
    return Check(
        "credentials",
        CheckState.FAILED,
        f"Nothing is received or sent: {known.locked}",
        "Add the former key to TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY, after the newest one, or connect this account "
        "again.",
        (FixAction.EDIT,),
    )


def public_url(known: Known) -> Check:
    """The address that providers are given."""
    if known.public_url is None:
        return Check(
            "public_chat_url",
            CheckState.FAILED,
            f"public_chat_url is not set, so there is no webhook URL and {known.manifest.title} cannot reach this agent.",
            "Set your public address under Settings → Public Chat URL; the webhook URL appears as soon as it is saved.",
            (FixAction.SET_PUBLIC_URL,),
        )
    if leads_to_this_machine(known.public_url):
        return _on_this_machine(known)
    if known.public_url.startswith("http://"):
        return Check(
            "public_chat_url",
            CheckState.WARNING,
            "public_chat_url starts with http://, and providers deliver to https:// addresses.",
            "Put a certificate or a tunnel in front of this host and set the https:// address.",
            (FixAction.SET_PUBLIC_URL,),
        )
    return Check("public_chat_url", CheckState.OK, "The public address is set.")


def _on_this_machine(known: Known) -> Check:
    title = known.manifest.title
    if known.simulated:
        message = f"The public address is on this machine, and so is the simulator of {title}."
        return Check("public_chat_url", CheckState.OK, message)
    return Check(
        "public_chat_url",
        CheckState.WARNING,
        f"public_chat_url is an address of this machine, so {title} cannot reach this host; only a simulator here can.",
        f"Set the https:// address at which the internet reaches this host, or use the simulator of {title}.",
        (FixAction.SET_PUBLIC_URL,),
    )


def webhook_path(known: Known) -> Check:
    """Whether the way from the public address to the database is proven, by a probe or by messages."""
    probed, last = known.probed, known.last_inbound
    # A message that came after a failed probe proves more than the probe.
    if probed and probed.failure and not (last and last > probed.at):
        failure = probed.failure
        message = f"A probe through the public address failed at {spoken(probed.at)}. {failure.message}"
        return Check("webhook_path", CheckState.FAILED, message, failure.fix, (FixAction.PROBE,))
    if probed and not probed.failure:
        message = f"A probe through the public address arrived and was stored at {spoken(probed.at)}."
        return Check("webhook_path", CheckState.OK, message)
    # Messages prove the way as well as a probe does.
    if last:
        return Check("webhook_path", CheckState.OK, f"A message came this way at {spoken(last)}.")
    return Check(
        "webhook_path",
        CheckState.UNKNOWN,
        "Whether requests to the public address arrive here is not proven yet.",
        "Send a signed probe through the public address.",
        (FixAction.PROBE,),
    )


def inbound(known: Known) -> Check:
    """Whether anything has arrived."""
    if known.last_inbound is not None:
        return Check("inbound", CheckState.OK, "Messages have arrived.")
    left = known.manifest.left_to_do(sandbox=known.stored.account.sandbox, listens=known.stored.listens)
    steps = "".join(f"{step.title}: {step.words} " for step in left)
    fix = steps.rstrip() if known.connection else f"{steps}{_route(known)}"
    return Check("inbound", CheckState.UNKNOWN, "No message has arrived yet.", fix)


def _route(known: Known) -> str:
    route = f"/api/{known.stored.channel}/webhook/"
    probe = (
        f" To test the route: curl -X POST {known.public_url}{route}test must answer 200." if known.public_url else ""
    )
    return (
        f"If the provider reports 404, your tunnel or proxy does not pass {route}* on to this host: add that route "
        f"(in Cloudflare Tunnel an ingress rule).{probe}"
    )


def signature(known: Known) -> Check:
    """Whether a webhook was refused since the last message."""
    failed = known.stored.signature_failed_at
    if failed is None:
        return Check("signature", CheckState.OK, "No webhook was refused.")
    # One that was accepted since shows that the secret is right now, or always was.
    if known.last_inbound and known.last_inbound > failed:
        return Check(
            "signature",
            CheckState.OK,
            f"A webhook was refused at {failed:%Y-%m-%d %H:%M} UTC, later ones were accepted.",
        )
    fetched = ""
    if known.stored.refused_since and known.manifest.capabilities.list_missed:
        fetched = (
            f" Messages that were refused since {spoken(known.stored.refused_since)} are fetched as soon as it works."
        )
    return Check(
        "signature",
        CheckState.FAILED,
        f"The signature of a webhook was wrong at {failed:%Y-%m-%d %H:%M} UTC, so it was refused. "
        f"{known.stored.signature_cause}",
        "Make public_chat_url and the webhook address in the provider's console the same, letter by letter; if they are, "
        "enter the provider's token or secret again. The next message that is accepted clears "
        f"this.{fetched}",
        (FixAction.EDIT, FixAction.SEE_WEBHOOK) if known.public_url else (FixAction.EDIT,),
    )


def webhook_to_set(known: Known) -> Iterator[Check]:
    """Whether the provider still has to be told our webhook, after an import."""
    if any(one.code == WEBHOOK_TO_SET for one in known.told):
        yield Check(
            WEBHOOK_TO_SET,
            CheckState.WARNING,
            f"{known.manifest.title} was not told our webhook yet, so messages may be refused.",
            "It is told again by itself, at first after a minute; or set the webhook now.",
            (FixAction.SET_WEBHOOK,),
        )


def webhook_address(known: Known) -> Check:
    """Whether the provider still uses an address that was replaced."""
    late = next((one for one in known.told if one.code == RETIRED_ADDRESS), None)
    if late and not _set_since(known, late.at):
        return _at_old_address(
            known,
            CheckState.WARNING,
            f"A message came to a webhook address that has been replaced, at {spoken(late.at)}; it was refused (410).",
        )
    # Where we enter the address ourselves there is nothing for the owner to do.
    if known.manifest.capabilities.registers_unasked(sandbox=known.stored.account.sandbox):
        return _NOT_REPLACED
    if known.old_address and not _set_since(known, known.old_address[0]):
        return _at_old_address(
            known,
            CheckState.UNKNOWN,
            "The webhook address was replaced, and no message has come to the new one yet. The old one works until one has, "
            f"at most until {spoken(known.old_address[1])}.",
        )
    changed = known.public_url_changed_at
    if changed and known.public_url and not _used_since(known, changed):
        return _at_old_address(
            known,
            CheckState.UNKNOWN,
            f"The public address was changed at {spoken(changed)}, and no message has come since. The provider may still "
            "post to the former one.",
        )
    return _NOT_REPLACED


_NOT_REPLACED = Check("webhook_address", CheckState.OK, "No message came to a webhook address that has been replaced.")


def _at_old_address(known: Known, state: CheckState, message: str) -> Check:
    where = "the webhook URL shown here in the provider's console, in place of the old one."
    if known.manifest.capabilities.can_register(sandbox=known.stored.account.sandbox):
        actions = (FixAction.SET_WEBHOOK, FixAction.SEE_WEBHOOK)
        return Check("webhook_address", state, message, f"Have it set at the provider, or enter {where}", actions)
    return Check("webhook_address", state, message, f"Enter {where}", (FixAction.SEE_WEBHOOK,))


def _set_since(known: Known, at: datetime) -> bool:
    """Whether the provider was told our address since then."""
    return known.webhook_set_at is not None and known.webhook_set_at >= at


def _used_since(known: Known, at: datetime) -> bool:
    """Whether something shows that the provider knows our public address since then."""
    since = (known.webhook_set_at, known.connected_at, known.last_inbound)
    return any(one is not None and one >= at for one in since)
