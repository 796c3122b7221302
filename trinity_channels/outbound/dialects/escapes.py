r"""Backslashes: one that guards a mark goes, any other is text.

CommonMark drops every backslash before punctuation, so that `\\server\share`, `\d+\.\d+` and `\(x\)` lose characters.
"""

from __future__ import annotations

import re
from functools import lru_cache

from markdown_it.rules_inline import StateInline

_MARKS = frozenset("*_~`")
_RUN = re.compile(r"\*+|_+|~+|`+")
_SHRUG = re.compile(r"\\{1,3}_\(ツ\)\\?_")
_LONGEST_WORD = 200

# A word with one of these is a path, a regular expression or a formula, in which nothing is escaped.
_CODE = re.compile(r"\\[^*_~`\[\]()!<>&#]|\(\?|\[\^|\.[*+]|(?:^|[(\"'=])(?:[A-Za-z]:|\.{1,2})\\")

_ADDRESS = re.compile(r"\\?\((?:<|[A-Za-z][\w+.-]*:|[/#]|\.{1,2}/|[\w-]+(?:\.[\w-]+)+)")
_LINK = re.compile(rf"\\?\[[^\[\]\n]*?\\?\]{_ADDRESS.pattern}")
_LINK_END = re.compile(rf"\\\]{_ADDRESS.pattern}")
_TASK = re.compile(r"\\?\[[ xX]\\?\]")
_AUTOLINK = re.compile(r"<(?:https?://|mailto:)[^\s<>]*>|<[\w.+-]+@[\w.\\-]+>|<br\s*/?\\?>", re.IGNORECASE)
_AUTOLINK_END = re.compile(r"\\<[^\s<>]*\Z")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BLOCK = re.compile(r"#{1,6}(?=\s|\Z)|[-+](?=\s|\Z)|(?:---+|===+)[ \t]*(?=\n|\Z)|>")


def escape(state: StateInline, silent: bool) -> bool:
    """The rule of markdown-it that reads backslashes; it replaces the one of the same name."""
    source, at = state.src, state.pos
    if source[at] != "\\" or at + 1 >= state.posMax:
        return False
    if shrug := _SHRUG.match(source, at, state.posMax):
        return _text(state, "\\_(ツ)_", shrug.end(), silent=silent)
    following = source[at + 1]
    if following == "\n":
        return _line_end(state, silent=silent)
    # Both stay: `\\server\share` is more frequent in a chat than an escaped backslash.
    if following == "\\":
        return _text(state, "\\\\", at + 2, silent=silent)
    if _guards_block(source, at) or (_guards(source, at) and not _is_code(_word(source, at))):
        return _text(state, following, at + 2, silent=silent)
    # The marks behind a backslash that stays are text, too: all of `\__x__`.
    marks = _RUN.match(source, at + 1, state.posMax)
    shown = "\\" + (marks[0] if marks else "")
    return _text(state, shown, at + len(shown), silent=silent)


def _text(state: StateInline, text: str, end: int, *, silent: bool) -> bool:
    if not silent:
        state.append_pending(text)
    state.pos = end
    return True


def _line_end(state: StateInline, *, silent: bool) -> bool:
    """A hard break; after a space it continues a command of a shell and is text."""
    if state.pos and state.src[state.pos - 1].isspace():
        return _text(state, "\\", state.pos + 1, silent=silent)
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos += 2
    return True


def _guards(source: str, at: int) -> bool:
    """Whether the character after the backslash at `at` would be a mark inside a line without it."""
    match source[at + 1]:
        case "[":
            return bool(_LINK.match(source, at) or _TASK.match(source, at))
        case "!":
            return bool(_LINK.match(source, at + 2))
        case "]":
            before = _line_before(source, at)
            return ("[" in before and bool(_LINK_END.match(source, at))) or before.endswith(("[ ", "[x", "[X"))
        case "(":
            return source[at - 1 : at] == "]" and bool(_ADDRESS.match(source, at))
        case "<":
            return bool(_AUTOLINK.match(source, at + 1))
        case ">":
            return bool(_AUTOLINK_END.search(source[max(0, at - _LONGEST_WORD) : at]))
        case "&":
            return bool(_ENTITY.match(source, at + 1))
        case following:
            return following in _MARKS


def _guards_block(source: str, at: int) -> bool:
    """The same for a mark at the beginning of a line: a heading's, a list's, a quote's."""
    following = source[at + 1]
    if following not in "#-+=>.)":
        return False
    before = _line_before(source, at).strip()
    if following in ".)":
        return before.isdecimal() and len(before) < 10  # noqa: PLR2004  as many digits as a list's number may have
    return not before and bool(_BLOCK.match(source, at + 1))


def _line_before(source: str, at: int) -> str:
    return source[source.rfind("\n", 0, at) + 1 : at]


def _word(source: str, at: int) -> str:
    """The word around a position, as far as it matters."""
    before = source[max(0, at - _LONGEST_WORD) : at]
    after = source[at : at + _LONGEST_WORD]
    head = "" if not before or before[-1].isspace() else before.split()[-1]
    return head + after.split(maxsplit=1)[0]


@lru_cache(maxsize=256)
def _is_code(word: str) -> bool:
    return _CODE.search(word) is not None
