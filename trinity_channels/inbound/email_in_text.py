"""E-mail addresses in what people write: `Zoe <zoe@example.org>`, `*zoe@example.org*.`, `my email is zoe@example.org`.

An address is found in the text around it, never corrected. One that mixes alphabets is set aside: `zoe@example.org` with
one Cyrillic letter is another mailbox that looks the same (https://www.unicode.org/reports/tr39/#Restriction_Level_Detection).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

from trinity_channels.email_address import normalise_email
from trinity_channels.inbound.typed import seen, without_widths

LONGEST = 2_000
"""Characters of a text that are looked through."""

_OUTSIDE = r"\s<>()\[\]{}\"\u201c-\u201f\u2018-\u201b\u00ab\u00bb\u2039\u203a\u3000-\u303f,;:|\\@"
# From the beginning of a word; a second @ right behind it means that this is something else.
_CANDIDATE = re.compile(rf"(?<![^{_OUTSIDE}])([^{_OUTSIDE}]+)@([^{_OUTSIDE}/?#&=]+)(@)?")
_SPACED = re.compile(r"([^\s@]+)\s*@\s*([^\s@]+)")
# Telephones turn the apostrophe of o'brien into a quotation mark.
_APOSTROPHE = re.compile("(?<=[^\\W\\d_])\u2019(?=[^\\W\\d_])")
_NO_DOMAIN = re.compile("[!-,/:-@\\[-^`{-~]")
_MARKS = "*_~`'"
# `email=zoe@example.org`, and the query of an address; mailboxes with = in their names are machines'.
_LABEL = re.compile(r".*=(?=.)", re.DOTALL)
# What UTS 39 calls highly restrictive: Latin letters together with those of one East Asian language.
_TOGETHER = (
    {"LATIN", "CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"},
    {"LATIN", "CJK", "BOPOMOFO"},
    {"LATIN", "CJK", "HANGUL"},
)


@dataclass(frozen=True, slots=True)
class Emails:
    """The addresses in a text.

    Attributes:
        found: each once, in their usual spelling, in the order of the text.
        deceptive: some other address mixes alphabets, or uses letters of a special style.
        around: what stands in the text besides them.
    """

    found: tuple[str, ...] = field(default=(), repr=False)
    deceptive: bool = False
    around: str = field(default="", repr=False)


def emails_in(text: str) -> Emails:
    """Every e-mail address in a text that email-validator accepts."""
    text = _APOSTROPHE.sub("'", without_widths(seen(text[:LONGEST])))
    matches = list(_CANDIDATE.finditer(text))
    # Only where it is the whole text: keyboards put spaces around the @, but prose does not mean an address by them.
    if not matches and (spaced := _SPACED.fullmatch(text)):
        matches = [spaced]
    found: dict[str, None] = {}
    deceptive = False
    around = text
    for match in matches:
        email = None if match.re is _CANDIDATE and match[3] else _email(*_undecorated(match[1], match[2]))
        if email is None:
            continue
        # What is left tells whether the address was the message, or part of a question.
        around = around.replace(match[0], " ", 1)
        if _deceives(email):
            deceptive = True
        else:
            found[email] = None
    return Emails(tuple(found), deceptive, around)


def _email(local: str, domain: str) -> str | None:
    try:
        return normalise_email(f"{local}@{domain}")
    except ValueError:
        return None


def _undecorated(local: str, domain: str) -> tuple[str, str]:
    """Both sides of the @ without the marks and the words that touch them.

    A domain ends in a letter or digit, so all marks behind it are decoration. Those in front may belong to the address:
    they go only as far as the same ones stand behind.
    """
    foreign = _NO_DOMAIN.search(domain)
    behind = foreign.start() if foreign else len(domain)
    while behind and not domain[behind - 1].isalnum():
        behind -= 1
    marks, domain = domain[behind:], domain[:behind]
    while local and not (local[0].isalnum() or local[0] in "!#$%&'*+-/=?^_`{|}~"):
        local = local[1:]
    for mark in reversed([one for one in marks if one in _MARKS]):
        local = local.removeprefix(mark)
    return _without_word_in_front(_LABEL.sub("", local)).lstrip("./"), _without_word_behind(domain)


def _without_word_in_front(local: str) -> str:
    """Scripts without spaces run into the address: only the ASCII end of it counts then."""
    start = len(local)
    while start and local[start - 1].isascii():
        start -= 1
    return local[start:] if 0 < start < len(local) and _is_uncased(local[start - 1]) else local


def _without_word_behind(domain: str) -> str:
    end = next((index for index, one in enumerate(domain) if not one.isascii()), len(domain))
    before, behind = domain[:end], domain[end:]
    whole = "." in before and before[-1].isalnum() and "." not in behind
    return before if behind and whole and _is_uncased(behind[0]) else domain


def _is_uncased(letter: str) -> bool:
    return not (letter.isupper() or letter.islower())


def _deceives(email: str) -> bool:
    local, _, domain = email.rpartition("@")
    return not email.isascii() and any(_mixes(label) for label in (local, *domain.split(".")))


def _mixes(label: str) -> bool:
    """Whether letters of several alphabets, or of a special style, stand in one word."""
    # Bold, circled and other styled letters look like the plain ones, and are others.
    if unicodedata.normalize("NFKC", label) != label:
        return True
    scripts = {unicodedata.name(letter, "UNKNOWN").split()[0] for letter in label if letter.isalpha()}
    return len(scripts) > 1 and not any(scripts <= one for one in _TOGETHER)
