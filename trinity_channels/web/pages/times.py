"""Times on pages: words for people, the exact time in UTC on hover; the script turns both into the reader's zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

_STEPS = (
    (timedelta(days=365), "year"),
    (timedelta(days=30), "month"),
    (timedelta(weeks=1), "week"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "hour"),
    (timedelta(minutes=1), "minute"),
)
_WRITTEN = re.compile(r"\b(at )?([0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}) UTC\b")
"""How findings and refusals write times, for those who read them in a terminal."""


def ago(at: datetime, now: datetime) -> Markup:
    """How long ago, or in how long: "3 minutes ago"."""
    return _tag(at, distance(at, now), "ago")


def exact(at: datetime) -> Markup:
    """The date and the minute: "28 Nov 2026, 21:46 UTC"."""
    return _tag(at, f"{_date(at)}, {at:%H:%M} UTC", "exact")


def within(text: str) -> Markup:
    """A text that the host wrote, such as a finding: each "at 2026-03-02 11:00 UTC" in it becomes "on" and such a time."""
    whole, end = Markup(), 0
    for found in _WRITTEN.finditer(text):
        try:
            at = datetime.fromisoformat(found[2]).replace(tzinfo=UTC)
        except ValueError:  # such as month 13, in the words of an agent or a provider
            continue
        whole += Markup("{}{}{}").format(text[end : found.start()], "on " if found[1] else "", exact(at))
        end = found.end()
    return whole + text[end:]


def distance(at: datetime, now: datetime) -> str:
    """The same in plain words."""
    apart = abs(now - at)
    for size, unit in _STEPS:
        if apart >= size:
            number = apart // size
            words = f"{number} {unit}{'s' if number > 1 else ''}"
            return f"in {words}" if at > now else f"{words} ago"
    return "in a moment" if at > now else "just now"


def _tag(at: datetime, words: str, form: str) -> Markup:
    # Nothing in it comes from people, and a page has a hundred of them: `Markup.format` would take half of its time.
    exactly = f"{_date(at)}, {at:%H:%M:%S} UTC"
    return Markup(f'<time datetime="{at.isoformat()}" title="{exactly}" data-form="{form}">{words}</time>')  # noqa: S704


def _date(at: datetime) -> str:
    # Not `%d`, which has a leading zero; `%-d` is not everywhere.
    return f"{at.day} {at:%b %Y}"
