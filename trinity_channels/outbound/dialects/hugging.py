"""How a channel without escape characters reads one line: which marks act, and what is then seen.

Apps differ in what they allow beside a mark, so a line is read twice, strictly and leniently.
"""

from __future__ import annotations

import re

ZERO_WIDTH_SPACE = "\u200b"

_STRICT, _LENIENT = r"[\w*~]", r"[^\W_]"
_SPAN = r"(?<!{beside}){sign}(?=[^\s\u200b])([^\n]*?[^\s\u200b]){sign}(?!{beside})"
_KEPT = re.compile("\0([0-9]+)\0")


class Reader:
    """Reads lines that are marked with `signs`; what stands between two `code` signs keeps its own."""

    def __init__(self, signs: str, code: str) -> None:
        styles = [re.escape(sign) for sign in signs if sign != code]
        self._readings = [
            (
                re.compile(_SPAN.format(beside=_LENIENT, sign=re.escape(code)) if code else "(?!)"),
                [re.compile(_SPAN.format(beside=beside, sign=sign)) for sign in styles],
            )
            for beside in (_STRICT, _LENIENT)
        ]

    def sees(self, line: str) -> set[str]:
        """What people may see of `line`."""
        return {self._seen(line, code, styles) for code, styles in self._readings}

    def _seen(self, line: str, code: re.Pattern[str], styles: list[re.Pattern[str]]) -> str:
        kept: list[str] = []

        def keep(found: re.Match[str]) -> str:
            kept.append(found[1])
            return f"\0{len(kept) - 1}\0"

        line, before = code.sub(keep, line), ""
        while line != before:
            before = line
            for style in styles:
                line = style.sub(r"\1", line)
        return _KEPT.sub(lambda found: kept[int(found[1])], line).replace(ZERO_WIDTH_SPACE, "")
