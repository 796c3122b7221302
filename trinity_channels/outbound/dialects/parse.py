"""Markdown → tokens: CommonMark, tables, strikethrough, and what people mean who write no Markdown at all."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markdown_it.ruler import RuleOptionsType
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from trinity_channels.outbound.dialects import blocks, links
from trinity_channels.outbound.dialects.emphasis import emphasis
from trinity_channels.outbound.dialects.escapes import escape

NESTING = 24
"""Levels of quotes (one each) and lists (two each). markdown-it drops, without a word, what lies deeper."""


class TooDeepError(ValueError):
    """The source nests deeper than the parser follows, so the tokens would lack some of it."""


class _Parser(MarkdownIt):
    def normalizeLink(self, url: str) -> str:  # noqa: N802 - markdown-it's name
        return url  # people are shown what the agent wrote, neither percent-encoded nor in punycode

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - markdown-it's name
        return link


def _newline(state: StateInline, silent: bool) -> bool:
    """Every line break counts (in a chat, soft ones too), and the indentation after it is kept."""
    if state.src[state.pos] != "\n":
        return False
    if not silent:
        state.push("softbreak", "br", 0)
    state.pos += 1
    return True


def _build() -> MarkdownIt:
    options = {"maxNesting": NESTING, "inline_definitions": True, "store_labels": True}
    parser = _Parser("commonmark", options).enable(["table", "strikethrough"]).disable("html_block")
    # Each rule is replaced in its place, so that the order and the interruptions of CommonMark stay.
    block, inline = parser.block.ruler, parser.inline.ruler
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    block.at("table", blocks.whole_table, {"alt": ["paragraph", "reference"]})
    block.at("code", blocks.indented)
    block.at("blockquote", blocks.quote, interrupts)
    block.at("list", blocks.items, {"alt": ["paragraph", "reference", "blockquote"]})
    block.at("hr", blocks.rule, interrupts)
    block.at("reference", blocks.definition)
    block.at("lheading", blocks.heading_underlined)
    block.at("paragraph", blocks.indented_paragraph)
    inline.before("newline", "bare_url", links.bare_url)
    inline.at("newline", _newline)
    inline.at("escape", escape)
    inline.at("emphasis", emphasis)
    inline.at("link", links.link)
    inline.at("image", links.image)
    inline.before("autolink", "labelled", links.labelled)
    inline.at("autolink", links.autolink)
    return parser


# One for all: it keeps no state between texts, and building it takes longer than parsing a message.
_PARSER = _build()


def parse(markdown: str) -> list[Token]:
    """Parse to markdown-it's block tokens; the definition of a link has its source as content.

    Raises:
        TooDeepError: quotes or lists nest deeper than `NESTING`.
    """
    tokens = _PARSER.parse(markdown)
    if any(token.level >= NESTING - 1 for token in tokens):
        raise TooDeepError
    for token in tokens:
        if token.type == "definition" and token.level == 0 and token.map:
            token.content = "\n".join(markdown.split("\n")[slice(*token.map)])
    return tokens
