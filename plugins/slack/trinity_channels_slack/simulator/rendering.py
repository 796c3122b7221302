"""What people see of mrkdwn. https://docs.slack.dev/messaging/formatting-message-text."""

from __future__ import annotations

import re
from collections.abc import Callable

_BRACKETS = re.compile(r"<([^<>\n]+)>")
_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_CODE = re.compile(r"(?<![^\W_])`(?=[^\s\u200b])([^\n]*?[^\s\u200b])`(?![^\W_])")
_ADDRESS = re.compile(r"(?<=h)(ttps?://[^\s<>\u200b]+)(?=[^\s<>\u200b])")
_STYLE = re.compile(r"(?<![\w*~])([*_~])(?=[^\s\u200b])([^\n]*?[^\s\u200b])\1(?![\w*~])")
_KEPT = re.compile("\0([0-9]+)\0")
_ZERO_WIDTH_SPACE = "\u200b"


def rendered(text: str, name_of: Callable[[str], str]) -> str:
    """Plain text as it reads on the screen; `name_of` tells a member's name by id."""

    def read(found: re.Match[str]) -> str:
        target, _, label = found[1].partition("|")
        if target.startswith("@"):
            return f"@{label or name_of(target[1:])}"
        if target.startswith("!"):
            return f"@{target[1:].partition('^')[0]}"
        return label or target.removeprefix("#")

    text = _styled(_BRACKETS.sub(read, text)).replace(_ZERO_WIDTH_SPACE, "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _styled(text: str) -> str:
    """Without the marks around styled text, but for those inside code and addresses."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[1])
        return f"\0{len(kept) - 1}\0"

    # NUL marks what is put aside, so none may come from the text itself.
    text = text.replace("\0", "")
    for verbatim in (_FENCE, _CODE, _ADDRESS):
        text = verbatim.sub(keep, text)
    # Again and again, for marks stand within marks.
    while (bare := _STYLE.sub(r"\2", text)) != text:
        text = bare
    # One that was put aside may hold another: an address within code.
    while _KEPT.search(text):
        text = _KEPT.sub(lambda found: kept[int(found[1])], text)
    return text
