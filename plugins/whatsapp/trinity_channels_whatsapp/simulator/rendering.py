"""What people see of a message's marks. https://faq.whatsapp.com/539178204879377 names them.

The rules are those that the apps follow: a mark opens before a character that is not space and after one that is no
letter or digit, closes the other way round, and only within one line. A zero-width space counts as space and is not seen.
"""

from __future__ import annotations

import re

_ZERO_WIDTH_SPACE = "\u200b"
_MARKED = r"(?<![^\W_]){sign}(?=[^\s\u200b])([^\n]*?[^\s\u200b]){sign}(?![^\W_])"
_VERBATIM = (
    re.compile(r"```\n?(.+?)\n?```", re.DOTALL),
    re.compile(_MARKED.format(sign="`")),
    re.compile(r"(?<=h)(ttps?://[^\s\u200b]+)(?=[^\s\u200b])"),  # its ends stay, as letters beside a mark
)
_STYLES = [re.compile(_MARKED.format(sign=re.escape(sign))) for sign in "*_~"]
_KEPT = re.compile("\0([0-9]+)\0")


def shown(text: str) -> str:
    """The text without its marks; code and addresses stay as they are."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[1])
        return f"\0{len(kept) - 1}\0"

    # NUL marks what is put aside, so none may come from the text itself.
    text = text.replace("\0", "")
    for verbatim in _VERBATIM:
        text = verbatim.sub(keep, text)
    before = None
    # Again and again, for marks stand within marks.
    while text != before:
        before = text
        for style in _STYLES:
            text = style.sub(r"\1", text)
    # One that was put aside may hold another: an address within code.
    while _KEPT.search(text):
        text = _KEPT.sub(lambda found: kept[int(found[1])], text)
    return text.replace(_ZERO_WIDTH_SPACE, "")
