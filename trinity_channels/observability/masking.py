"""Takes from log entries what must not appear there: numbers, e-mail addresses, secrets, codes, what people wrote.

Two nets, because neither is enough: names of fields whose values are never shown, and patterns in every other text,
tracebacks included. A secret without a telling name or shape passes both; the rule stays not to log it. Every pattern
takes time in proportion to the text, however the text was made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

HIDDEN = "***"

_HIDDEN_FIELD = re.compile(
    r"(?:.*_)?(?:token|password|secret|authorization|cookie|signature|api_key|encryption_key|webhook_key|body|text|ticket)"
    r"|(?:login_)?code"
)
_SECRET_NAME = r"(?:token|password|secret|authorization|signature|api_?key)"  # noqa: S105 - a pattern of names
# Not in the middle of a word, but after a percent-encoded character.
_BEGIN = r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))"
# What is a credential wherever it stands: no sentence for people has one of these by chance.
_CREDENTIALS = (
    (re.compile(r"(?<=://)[^/\s@]+(?=@)"), HIDDEN),  # user and password in an address
    (re.compile(r"([?&]ticket=)[^&\s\"']+", re.IGNORECASE), rf"\1{HIDDEN}"),  # what opens a WebSocket
    # Some platforms have a bot's token in every path.
    (re.compile(r"(/bot\d+(?::|%3A))[\w-]+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(rf"{_BEGIN}\d{{6,}}(?::|%3A)[\w-]{{30,}}", re.IGNORECASE), HIDDEN),
    # Addresses to post to, without any other credential.
    (re.compile(r"(//hooks\.[\w.-]+/\w+/)[^?#\s\"']+", re.IGNORECASE), rf"\1{HIDDEN}"),
    # API keys of model providers and chat platforms, known by their beginning; error texts quote them without a name.
    (
        re.compile(
            rf"{_BEGIN}(?:(?:sk|rk|gsk|csk|xai|hf|pplx|nvapi|gh[opsu]|xapp|xwfp|xox[abeoprs])[-_][\w-]{{16,}}|AIza[\w-]{{30,}})"
        ),
        HIDDEN,
    ),
    # Keys of the platform, and tokens of this host.
    (re.compile(rf"{_BEGIN}(?:trinity_mcp_[\w-]{{16,}}|tc_[\w-]{{43,}})"), HIDDEN),
)
_PATTERNS = (
    *_CREDENTIALS,
    (re.compile(r"(/api/[^/\s]+/webhook/)[^?#\s\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"(/signin/link/)[^?#\s\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"\b(bearer|basic)(\s+|%20|\+)[\w.~+/=-]+", re.IGNORECASE), rf"\1\2{HIDDEN}"),
    (re.compile(rf"({_SECRET_NAME}(?:=|%3D))[^&\s\"']+", re.IGNORECASE), rf"\1{HIDDEN}"),
    (re.compile(rf"([\"'][\w-]*{_SECRET_NAME}[\"']\s*:\s*)(?:\"[^\"]*\"|'[^']*')", re.IGNORECASE), rf'\1"{HIDDEN}"'),
    # SQLAlchemy appends the values of a failed statement, message texts among them.
    (re.compile(r"\[parameters: .*"), f"[parameters: {HIDDEN}]"),
)
# All that a local part may hold, but for the slash and the asterisk, which end it: addresses and masks contain them.
_LOCAL = r"[\w.!#$%&'+=?^`{|}~-]"
_EMAIL = re.compile(rf"(?<!{_LOCAL})(?P<first>{_LOCAL}){_LOCAL}*+@(?=\w)")
# The same where an address is part of a URL, as in the paths that servers log.
_PLAIN = _LOCAL.replace("%", "")
_QUOTED_EMAIL = re.compile(rf"(?<!{_LOCAL})(?P<first>{_PLAIN})(?:{_PLAIN}|%(?!40))*+%40(?=\w)")
_PHONE = re.compile(
    r"(?P<plus>\+|%2B)\d(?:[ ().-]{0,2}\d){5,}"  # with a plus, also percent-encoded, grouped in any way
    r"|(?<![\w.-])\d{10,15}(?![\w-]|\.\d)",  # without one: digits of a number's length that stand alone
    re.IGNORECASE,
)


def mask_phone(number: str) -> str:
    """Keep the first three and last four digits: `+155***4567`; of eight digits or fewer only the last two."""
    digits = [character for character in number if character.isdecimal()]
    plus = "+" if number.lstrip().startswith("+") else ""
    if len(digits) <= 8:  # noqa: PLR2004 - said above
        return HIDDEN + "".join(digits[-2:])
    return f"{plus}{''.join(digits[:3])}{HIDDEN}{''.join(digits[-4:])}"


def mask_credentials(text: str) -> str:
    """Mask only what has the shape of a credential; for sentences that people are to read."""
    for pattern, replacement in _CREDENTIALS:
        text = pattern.sub(replacement, text)
    return text


def mask_text(text: str) -> str:
    """Mask whatever in a text looks like a secret, an address or a number; what is masked stays as it is."""
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    text = _EMAIL.sub(rf"\g<first>{HIDDEN}@", text)
    text = _QUOTED_EMAIL.sub(rf"\g<first>{HIDDEN}%40", text)
    return _PHONE.sub(_masked_phone, text)


def mask_entry(_logger: Any, _method: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask a whole log entry; a structlog processor, to run last before the renderer."""
    return {name: _mask(name, value) for name, value in entry.items()}


def _mask(name: str, value: object) -> object:
    if _HIDDEN_FIELD.fullmatch(name.lower().replace("-", "_")):
        return HIDDEN
    match value:
        case None | bool() | int() | float():
            return value
        case Mapping():
            return {mask_text(str(key)): _mask(str(key), inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_mask("", inner) for inner in value]
        # Never as text: bodies and keys are bytes.
        case bytes() | bytearray():
            return f"<{len(value)} bytes>"
        case _:
            return mask_text(str(value))


def _masked_phone(match: re.Match[str]) -> str:
    if match["plus"] is None:
        return mask_phone(match[0])
    return mask_phone("+" + match[0].removeprefix(match["plus"]))
