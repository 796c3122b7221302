"""A message of Telegram's HTML as plain text, for when Telegram does not understand it."""

from __future__ import annotations

import html
import re

# https://core.telegram.org/bots/api#html-style. Anything else between < and > is text that someone did not escape.
_TAG = re.compile(
    r"</?(?:a|b|blockquote|code|del|em|i|ins|pre|s|span|strike|strong|tg-emoji|tg-spoiler|tg-time|u)(?:\s[^<>]*)?>",
    re.IGNORECASE,
)
_LINK = re.compile(r"<a href=\"([^\"<>]*)\">(.*?)</a>", re.IGNORECASE | re.DOTALL)


def as_plain_text(message: str) -> str:
    """What `message` says without its tags; an address that stood behind a text stands after it in brackets."""
    return html.unescape(_TAG.sub("", _LINK.sub(r"\2 (\1)", message)))
