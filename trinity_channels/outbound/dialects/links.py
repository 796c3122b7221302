"""Inline rules for links: addresses in running text, labelled links in angle brackets, and brackets of programs."""

from __future__ import annotations

import re

from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline import autolink as standard_autolink
from markdown_it.rules_inline import image as standard_image
from markdown_it.rules_inline import link as standard_link

from trinity_channels.outbound.dialects.lines import URL

_LABELLED = re.compile(r"<((?:https?://|mailto:)[^\s<>|]+)\|([^<>\n]+)>", re.IGNORECASE)
_AUTOLINK = re.compile(r"<(?:https?:|mailto:|tel:|[a-z][a-z0-9+.-]*://|[^\s<>:]+@)", re.IGNORECASE)
_ADDRESS = re.compile(
    r"\s*(?:<|[/#?.]|www\.|[a-z][a-z0-9+.-]*:|[^\s()]*/|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\s*[\"')])", re.IGNORECASE
)
_SURE_ADDRESS = re.compile(r"\s*(?:<|[/#]|\.{1,2}/|www\.|[a-z][a-z0-9+.-]*:)", re.IGNORECASE)


def bare_url(state: StateInline, silent: bool) -> bool:
    """Take a URL in running text as one piece: `_` and `*` in it are not emphasis. Seen at the colon, as by linkify."""
    if not state.src.startswith("://", state.pos):
        return False
    for scheme in (5, 4):
        start = state.pos - scheme
        url = URL.match(state.src, start, state.posMax) if start >= 0 else None
        if url and url.start() + scheme == state.pos and state.src[start : state.pos].lower() in ("https", "http"):
            break
    else:
        return False
    if not silent:
        # The scheme has already been taken as text.
        state.pending = state.pending[: start - state.pos]
        state.push("bare_url", "", 0).content = url.group()
    state.pos = url.end()
    return True


def labelled(state: StateInline, silent: bool) -> bool:
    """`<https://example.org|words>`, as models write for one messenger and then for all of them."""
    found = _LABELLED.match(state.src, state.pos, state.posMax) if state.src[state.pos] == "<" else None
    if found is None or state.linkLevel:
        return False
    if not silent:
        state.push("link_open", "a", 1).attrs = {"href": found[1]}
        state.push("text", "", 0).content = found[2]
        state.push("link_close", "a", -1)
    state.pos = found.end()
    return True


def autolink(state: StateInline, silent: bool) -> bool:
    """`<https://example.org>` and `<zoe@example.org>`, but not `<xs:element>`, which CommonMark takes for an address."""
    return bool(_AUTOLINK.match(state.src, state.pos, state.posMax)) and standard_autolink(state, silent)


def link(state: StateInline, silent: bool) -> bool:
    """`[words](address)`, but not `handlers[name](event)`."""
    return state.src[state.pos] == "[" and _is_link(state, state.pos) and standard_link(state, silent)


def image(state: StateInline, silent: bool) -> bool:
    """`![words](address)`; the same."""
    at = state.pos
    return state.src.startswith("![", at) and _is_link(state, at + 1) and standard_image(state, silent)


def _is_link(state: StateInline, bracket: int) -> bool:
    """Whether what stands in parentheses behind the label can be an address: after a word only if it is certain."""
    end = state.md.helpers.parseLinkLabel(state, bracket, disableNested=True)
    if end < 0 or not state.src.startswith("(", end + 1):
        return True  # a reference, or nothing: the standard rule sees
    before = state.src[bracket - 1 : bracket]
    after_word = before.isalnum() or before in tuple("_)]\\")
    if after_word:
        return bool(_SURE_ADDRESS.match(state.src, end + 2, state.posMax))
    if end == bracket + 1:
        return bool(_ADDRESS.match(state.src, end + 2, state.posMax))
    return True
