"""X-Twilio-Signature: whether Twilio sent a request. Only this module creates a `SignedForm`, so the next can trust one.

https://www.twilio.com/docs/usage/webhooks/webhooks-security — the key is an Auth Token, the text is the URL that the
owner gave Twilio plus every form field. The text that is signed is written down once for each request and compared here: the
official validator signs each request twice, logs, answers strange input with exceptions of all kinds, and knows shared keys
only in its newest versions. The tests compare the two.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import re
from base64 import b64encode
from binascii import a2b_qp
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import parse_qs, unquote_to_bytes, urlparse, urlsplit

from twilio.request_validator import (  # type: ignore[import-untyped]  # twilio ships no types
    add_port,
    remove_port,
)

from trinity_channels.api import Request, SignatureError

SIGNATURE_HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
"""Names a shared key and what it signs with: `key=webhooks_sharedkey_…,algorithm=HMAC_SHA256`."""
_ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
# Twilio sends about thirty; far more is an attempt to use up our time.
MAX_FIELDS = 256

_INCOMPLETE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FORM = "application/x-www-form-urlencoded"


class SignedForm(dict[str, list[str]]):
    """The fields of an authentic request, values in the order in which they came."""

    @functools.cached_property
    def text(self) -> str:
        """What Twilio signs of them: sorted by name, one after the other; every different value of a name, sorted."""
        return "".join(
            [name + values[0] if len(values) == 1 else _repeated(name, values) for name, values in sorted(self.items())]
        )

    def first(self, name: str) -> str:
        """Return the first value of a field, or nothing."""
        values = self.get(name)
        return values[0] if values else ""


def authenticate(request: Request, tokens: Sequence[str]) -> SignedForm:
    """Check the signature and return the fields that it covers; none if the request carried JSON.

    Raises:
        SignatureError: whatever is wrong, including anything unexpected: an unauthenticated sender learns nothing more.
    """
    try:
        url = request.url.partition("#")[0]  # connection overrides (#rc=2…) stay at Twilio, neither sent nor signed
        if request.method.upper() == "GET":
            form, signed = read_form(urlsplit(url).query), ""  # the URL holds them, and is signed as a whole
        elif _is_checksummed(request, url):
            form, signed = SignedForm(), ""
        else:
            form = read_form(request.body.decode())
            signed = form.text
        authentic = _matches(request.headers, url, signed, tokens)
    except SignatureError:
        raise
    except Exception:  # noqa: BLE001 - no input may turn a check into a 500
        raise SignatureError("The request cannot be read as one that Twilio signs.") from None
    if not authentic:
        raise SignatureError("The signature does not match the Auth Token and the webhook's public address.")
    return form


def read_form(encoded: str) -> SignedForm:
    """Read a form; on the path of every message, hence without parse_qsl, which unquotes what has nothing to unquote."""
    form = SignedForm()
    fields = encoded.replace("+", " ").split("&", MAX_FIELDS)
    if len(fields) > MAX_FIELDS:
        raise SignatureError("The request has more fields than Twilio sends.")
    for field in fields:
        if not field:
            continue
        name, _, value = field.partition("=")
        if "%" in field:
            name, value = _unquoted(name), _unquoted(value)
        # Blank values are signed too: `Body=` of a photo.
        if name in form:
            form[name].append(value)
        else:
            form[name] = [value]
    return form


def _unquoted(text: str) -> str:
    """As `urllib.parse.unquote`, by a decoder in C: quoted-printable is the same with another sign."""
    if "%" not in text:
        return text
    if "=" in text or _INCOMPLETE.search(text):
        return unquote_to_bytes(text).decode(errors="replace")
    return a2b_qp(text.replace("%", "=").encode()).decode(errors="replace")


def _repeated(name: str, values: list[str]) -> str:
    return "".join([name + value for value in sorted(set(values))])


def _is_checksummed(request: Request, url: str) -> bool:
    """Tell whether the signed URL vouches for a body that is not a form, and refuse one that it does not fit.

    https://www.twilio.com/docs/usage/webhooks/webhooks-security#validate-requests-with-json-bodies
    """
    if "bodySHA256=" not in url or header(request.headers, "content-type").startswith(_FORM):
        return False
    claimed = parse_qs(urlsplit(url).query)["bodySHA256"][0]
    if not hmac.compare_digest(hashlib.sha256(request.body).hexdigest().encode(), claimed.encode()):
        raise SignatureError("The body does not fit its signed checksum.")
    return True


def _matches(headers: Mapping[str, str], url: str, signed: str, tokens: Sequence[str]) -> bool:
    presented = header(headers, SIGNATURE_HEADER).encode()
    if not presented:
        raise SignatureError("The request carries no X-Twilio-Signature.")
    algorithm = _algorithm(header(headers, SETTINGS_HEADER))
    keys = [token.encode() for token in tokens]
    # Twilio signs with the primary token only, and changes it from one request to the next when a token is promoted.
    return any(
        hmac.compare_digest(b64encode(hmac.digest(key, (address + signed).encode(), algorithm)), presented)
        for address in _addresses(url)
        for key in keys
    )


def _algorithm(settings: str) -> str:
    """The hash that a request is signed with: SHA-1, unless a shared key chooses another one.

    https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys
    """
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return _ALGORITHMS[value.strip().upper()]
    return _ALGORITHMS["HMAC_SHA1"]


def _addresses(url: str) -> Iterator[str]:
    yield url
    # "sig generation on back end is inconsistent" about ports, says the official validator, and tries both ways.
    parsed = urlparse(url)
    yield from {remove_port(parsed), add_port(parsed)} - {url}


def header(headers: Mapping[str, str], name: str) -> str:
    """Look a header up whichever way the mapping spells it."""
    value = headers.get(name.lower())
    if value is None:
        value = next((held for key, held in headers.items() if key.lower() == name.lower()), "")
    return value
