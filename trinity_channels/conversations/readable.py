"""An agent's Markdown as plain text, as pages and lists show it; what people and the host wrote stays as it is."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from trinity_channels.api import Dialect
from trinity_channels.outbound.compose import compose
from trinity_channels.outbound.dialects.markup import MARKUP
from trinity_channels.store.conversation_log import Said

BUDGET = 1000
"""What one page spends, see `_translated`: about 10 ms, and 40 with the worst text there is. Enough for 50 usual answers."""
_LONGEST = 10_000
"""Characters; what is longer is not even searched for marks."""
_MARKDOWN = frozenset({"agent", "proactive"})
"""Origins of texts that are composed for a channel."""
_PLAIN = Dialect()
_ONE_MESSAGE = 1_000_000
"""UTF-16 units; more than any text becomes, so that nothing is split."""


def readable(origin: str, text: str, budget: int = BUDGET) -> str:
    """The text without marks; as it was written if it has none, shows nothing without them, or costs more than `budget`."""
    return _translated(origin, text, budget)[0]


def readable_texts(said: Iterable[Said]) -> dict[int, str]:
    """The texts of a page by message id, translated from the newest on while the budget lasts; the others as written."""
    left = BUDGET
    texts = {}
    for one in sorted(said, key=lambda one: one.id, reverse=True):
        texts[one.id], cost = _translated(one.origin, one.text, left)
        left -= cost
    return texts


def _translated(origin: str, text: str, budget: int) -> tuple[str, int]:
    """The text to show, and what it cost: marks of 10 to 30 microseconds each."""
    if origin not in _MARKDOWN or len(text) > _LONGEST:
        return text, 0
    marks = sum(1 for _ in islice(MARKUP.finditer(text), budget + 1))
    # A message by itself costs as much as some marks, and so do 200 characters without any.
    cost = marks + 4 + len(text) // 200
    if not marks or cost > budget:
        return text, 0
    return "\n".join(compose(text, _PLAIN, _ONE_MESSAGE)) or text, cost
