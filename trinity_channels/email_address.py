"""E-mail addresses: checked, and brought to one spelling, so that equal addresses compare equal."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email


def normalise_email(text: str) -> str:
    """Check an e-mail address without asking the network, and return it in lower case.

    Raises:
        ValueError: it is none. The sentence does not quote it.
    """
    try:
        # test_environment: names under .test are reserved, and tests need some
        return validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        raise ValueError("must be an e-mail address such as zoe@example.org") from None


_DOTS_DO_NOT_COUNT = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
"""Domains that ignore dots in front of the @, by the name all of them share: https://support.google.com/mail/answer/7436150"""


def mailbox(email: str) -> str:
    """The mailbox that an address in its usual spelling leads to, for limits: what follows a plus is only a label.

    Never an identity: where a server does not know such labels, `zoe+shop@example.org` may be another person.
    """
    local, _, domain = email.rpartition("@")
    # An address may begin with a plus; then there is no label.
    local = local.partition("+")[0] or local
    if domain in _DOTS_DO_NOT_COUNT:
        local, domain = local.replace(".", "") or local, _DOTS_DO_NOT_COUNT[domain]
    return f"{local}@{domain}"


def shown_email(email: str) -> str:
    """An address for its reader's eyes, which cannot tell apart letters that look the same.

    Beside a domain with other letters than a to z stands what the network calls it: `a@bücher.example
    (a@xn--bcher-kva.example)`. Anything that is not a valid address is returned as it is.
    """
    if email.rpartition("@")[2].isascii():
        return email
    try:
        spelled = validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return email
    return f"{email} ({spelled.local_part}@{spelled.ascii_domain})"


def ascii_domain(email: str) -> str:
    """An address with its domain as the network spells it: `zoe@xn--bcher-kva.example`.

    Raises:
        ValueError: it is not an address.
    """
    if email.isascii():
        return email
    return validate_email(email, check_deliverability=False, test_environment=True).ascii_email or email
