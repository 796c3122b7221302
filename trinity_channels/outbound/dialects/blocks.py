"""Block rules of Markdown, changed where they take plain text for markup."""

from __future__ import annotations

import re

from markdown_it.rules_block import StateBlock, blockquote, hr, lheading, list_block, paragraph, reference, table
from markdown_it.rules_block.table import escapedSplit, getLine

MOST_COLUMNS = 50
"""A table with more is not read as one: its empty cells alone could keep the parser busy for seconds."""

_NOT_A_TABLE = "not a table"  # key of the parser's environment: the line up to which no table is to be looked for
_COMPARISON = re.compile(r">(?:[0-9=<$€£._-]|>> )")  # >50%, >=5, >_<, and the prompt of Python
_DEFINITION = re.compile(
    r"(?i)\[[^\[\]]+\]:[ \t]*(?:<|[/#]|\.{1,2}/|[a-z][a-z0-9+.-]*:|(?:[\w-]+\.)+[a-z]{2,}(?:[/?#:]|\s|$))"
)
_SHORTEST_UNDERLINE = 3
_TOKENS_OF_EMPTY_ITEM = 4


def whole_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A table of sane width whose rows all fit its header. GFM drops surplus cells; showing the pipes loses nothing."""
    known = len(state.tokens)
    if start < state.env.get(_NOT_A_TABLE, 0) or getLine(state, start).count("|") > MOST_COLUMNS:
        return False
    if not table(state, start, end, silent):
        return False
    if silent or all(_cells(state, line) <= _cells(state, start) for line in range(start + 2, state.line)):
        return True
    del state.tokens[known:]
    state.env[_NOT_A_TABLE] = state.line  # trying each of its lines again would take the square of its length
    state.line = start
    return False


def _cells(state: StateBlock, line: int) -> int:
    return len(escapedSplit(getLine(state, line).strip().removeprefix("|").removesuffix("|")))


def items(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A list, but not a sign alone in its line."""
    known = len(state.tokens)
    if not list_block(state, start, end, silent):
        return False
    if not silent and len(state.tokens) == known + _TOKENS_OF_EMPTY_ITEM:
        del state.tokens[known:]
        _push_paragraph(state, getLine(state, start), start, state.line)
    return True


def indented(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: ARG001  it interrupts nothing
    """Lines that begin with four spaces, each as it stands: in a chat they do not mean code."""
    if not state.is_code_block(start):
        return False
    following = start + 1
    while following < end and not state.isEmpty(following) and state.is_code_block(following):
        following += 1
    _push_paragraph(state, state.getLines(start, following, state.blkIndent, keepLastLF=False), start, following)
    return True


def _push_paragraph(state: StateBlock, content: str, start: int, end: int) -> None:
    state.line = end
    state.push("paragraph_open", "p", 1).map = [start, end]
    inline = state.push("inline", "", 0)
    inline.content = content.rstrip()
    inline.map = [start, end]
    inline.children = []
    state.push("paragraph_close", "p", -1)


def indented_paragraph(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A paragraph that keeps the spaces before its first line, unless it is the first or a list may be meant by them."""
    known = len(state.tokens)
    if not paragraph(state, start, end, silent):
        return False
    if known and state.level == 0:
        inline = state.tokens[known + 1]
        inline.content = state.src[state.bMarks[start] : state.bMarks[start] + state.tShift[start]] + inline.content
    return True


def heading_underlined(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A heading with a line of three or more signs below it; a lone `=` or `-` there is more likely text."""
    known = len(state.tokens)
    if not lheading(state, start, end, silent):
        return False
    if len(getLine(state, state.line - 1).strip()) >= _SHORTEST_UNDERLINE:
        return True
    del state.tokens[known:]
    state.line = start
    return False


def rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A horizontal rule, but not blanks to fill in: `_ _ _`."""
    line = getLine(state, start).strip()
    return not ("_" in line and not line.strip("_ \t") and (" " in line or "\t" in line)) and hr(
        state, start, end, silent
    )


def quote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A quote, but not a comparison at the beginning of a line."""
    return not _COMPARISON.match(getLine(state, start).lstrip()) and blockquote(state, start, end, silent)


def definition(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A link's definition; `[0]: 5` is none."""
    return bool(_DEFINITION.match(getLine(state, start))) and reference(state, start, end, silent)
