"""Whether a text needs a Markdown parser at all: most of what people and agents write does not."""

from __future__ import annotations

import re

MARKUP = re.compile(r"[*_~`\[\]<>&\\#|]|[^\S \n]|^(?: |[-+=]|\d+[.)])", re.MULTILINE)
"""What Markdown could read as more than text, deliberately generous. Without a match, parsing changes nothing."""
