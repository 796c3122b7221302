"""E-mail addresses: checked, and brought to one spelling, so that equal addresses compare equal."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email


def normalise_email(text: str) -> str:
    """Check an e-mail address without asking the network, and return it in lower case.

    Raises:
        ValueError: it is none. The sentence does not quote it.
    """
    try:
        # test_environment: names under .test are nobody's, and rehearsals need some
        return validate_email(text.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        raise ValueError("must be an e-mail address such as zoe@example.org") from None


def ascii_domain(email: str) -> str:
    """An address with its domain as the network spells it: `zoe@xn--bcher-kva.example`.

    Raises:
        ValueError: it is no address.
    """
    if email.isascii():
        return email
    return validate_email(email, check_deliverability=False, test_environment=True).ascii_email or email
