"""An agent's Markdown as plain text, as pages and lists show it; what people and the host wrote stays as it is."""

from __future__ import annotations

from collections.abc import Iterable

from trinity_channels.api import Dialect
from trinity_channels.outbound.compose import compose
from trinity_channels.outbound.dialects.parse import MARKUP
from trinity_channels.store.conversation_log import Said

BUDGET = 6000
"""Characters of marked text that are translated for one page: parsing takes 2 to 5 microseconds a character."""
_MARKDOWN = frozenset({"agent", "proactive"})
"""Origins of texts that are composed for a channel."""
_PLAIN = Dialect()
_ONE_MESSAGE = 100_000
"""UTF-16 units; more than any text within the budget becomes, so that nothing is split."""


def readable(origin: str, text: str) -> str:
    """The text without marks; the text itself if it has none, or shows nothing without them."""
    if not _is_marked(origin, text):
        return text
    return "\n".join(compose(text, _PLAIN, _ONE_MESSAGE)) or text


def readable_texts(said: Iterable[Said]) -> dict[int, str]:
    """The texts of a page by message id, translated from the newest on while the budget lasts; the others as written."""
    left = BUDGET
    texts = {}
    for one in sorted(said, key=lambda one: one.id, reverse=True):
        texts[one.id] = one.text
        if len(one.text) <= left and _is_marked(one.origin, one.text):
            left -= len(one.text)
            texts[one.id] = readable(one.origin, one.text)
    return texts


def _is_marked(origin: str, text: str) -> bool:
    return origin in _MARKDOWN and MARKUP.search(text) is not None
