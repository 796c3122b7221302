"""Slack's text as people read it.

https://docs.slack.dev/messaging/formatting-message-text — everything between < and > is Slack's; what people
type of these signs is escaped. So the brackets are read first, and the three escapes last.
"""

from __future__ import annotations

import re

_BRACKETS = re.compile(r"<([^<>]*)>")


def plain(text: str, own_id: str) -> str:
    """Decode `text`, and leave out mentions of `own_id`: they say whom a message is for, not what it says."""
    without = _mention_of(own_id).sub(_gap, text)
    text = text if without == text else without.strip()
    return unescape(_BRACKETS.sub(_readable, text))


def mentions(text: str, user_id: str) -> bool:
    """Tell whether `text` mentions a member."""
    return _mention_of(user_id).search(text) is not None


def unescape(text: str) -> str:
    """Turn Slack's three escapes back, and no other entity: `&copy;` is what somebody wrote."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _mention_of(user_id: str) -> re.Pattern[str]:
    return re.compile(rf" ?<@{re.escape(user_id)}(?:\|[^<>]*)?> ?")


def _gap(mention: re.Match[str]) -> str:
    return " " if mention[0].startswith(" ") and mention[0].endswith(" ") else ""


def _readable(found: re.Match[str]) -> str:
    target, _, label = found[1].partition("|")
    match target[:1]:
        case "@":
            return f"@{label or target[1:]}"
        case "#":
            return f"#{label or target[1:]}"
        case "!":
            return _special(target[1:], label)
        case _:
            return _link(target, label)


def _special(command: str, label: str) -> str:
    name, _, argument = command.partition("^")
    if name == "subteam":
        return f"@{label.removeprefix('@') or argument}"
    if name == "date":
        return label
    return f"@{name}"  # here, channel, everyone


def _link(url: str, label: str) -> str:
    # People type example.org or zoe@example.org, and Slack makes <http://example.org|example.org> of it.
    if not label or label in {url, url.partition("://")[2], url.partition("mailto:")[2]}:
        return label or url.removeprefix("mailto:")
    return f"{label} ({url})"
