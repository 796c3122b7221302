"""How a channel without escape characters reads one line: which marks act, and what is then seen.

Apps differ in what they allow beside a mark, so a line is read twice, strictly and leniently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

ZERO_WIDTH_SPACE = "\u200b"

_STRICT, _LENIENT = r"[\w*~]", r"[^\W_]"
_SPAN = r"(?<!{beside}){sign}(?=[^\s\u200b])([^\n]*?[^\s\u200b]){sign}(?!{beside})"
_KEPT = re.compile("\0([0-9]+)\0")


class Reader:
    """Reads lines that are marked with `signs`; what stands between two `code` signs keeps its own."""

    def __init__(self, signs: str, code: str) -> None:
        self._code = re.compile(_SPAN.format(beside=_LENIENT, sign=re.escape(code)) if code else "(?!)")
        self._readings = [
            {sign: re.compile(_SPAN.format(beside=beside, sign=re.escape(sign))) for sign in signs if sign != code}
            for beside in (_STRICT, _LENIENT)
        ]

    def sees(self, line: str) -> set[str]:
        """What people may see of `line`."""
        kept: list[str] = []

        def keep(found: re.Match[str]) -> str:
            kept.append(found[1])
            return f"\0{len(kept) - 1}\0"

        # Taken out first: marks inside code do not act.
        line = self._code.sub(keep, line)
        bare = {_without(line, styles) for styles in self._readings}
        return {_KEPT.sub(lambda found: kept[int(found[1])], one).replace(ZERO_WIDTH_SPACE, "") for one in bare}


def _without(line: str, styles: Mapping[str, re.Pattern[str]]) -> str:
    """The line without marks of style, from the outer to the inner."""
    before = ""
    while line != before:
        before = line
        for sign, style in styles.items():
            if line.count(sign) > 1:
                line = style.sub(r"\1", line)
    return line
