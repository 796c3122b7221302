"""Marked stretches of a text, counted in UTF-16 code units. https://core.telegram.org/bots/api#messageentity."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

# As Telegram's own parser finds them: a command may name its bot, `hey@bot` and e-mail addresses are not mentions.
_COMMAND = re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\w/<>])")
_MENTION = re.compile(r"(?<!\w)@[A-Za-z0-9_]{2,32}(?!\w)")


@dataclass(frozen=True, slots=True)
class Entity:
    """One stretch; `more` are fields of its type, such as `unix_time`."""

    type: str
    offset: int
    length: int
    url: str = ""
    language: str = ""
    more: Mapping[str, object] = field(default_factory=dict, hash=False)

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.offset + self.length

    @property
    def json(self) -> dict[str, Any]:
        """As the Bot API shows it."""
        fields: dict[str, Any] = {"type": self.type, "offset": self.offset, "length": self.length}
        fields |= {name: held for name, held in (("url", self.url), ("language", self.language)) if held}
        return fields | dict(self.more)

    def of(self, text: str) -> str:
        """The stretch itself."""
        # Offsets count UTF-16 units, of which an emoji has two.
        units = text.encode("utf-16-le")
        return units[2 * self.offset : 2 * self.end].decode("utf-16-le")


def units(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def found_in(text: str) -> tuple[Entity, ...]:
    """Commands and mentions in what a person writes."""
    return tuple(sorted(_find(text), key=lambda entity: entity.offset))


def _find(text: str) -> Iterator[Entity]:
    for kind, pattern in (("bot_command", _COMMAND), ("mention", _MENTION)):
        for match in pattern.finditer(text):
            yield Entity(kind, units(text[: match.start()]), units(match.group()))
