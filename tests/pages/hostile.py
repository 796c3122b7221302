"""Words that pages must show as text, in whichever place they stand."""

from __future__ import annotations

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    '"><img src=x onerror=alert(1)>',
    "{{ page.url('x') }}{% raw %}",
    "x" * 4000,
    "\u202etxt.exe\u2066 \u05e9\u05dc\u05d5\u05dd",
    "</li></ul></ol></blockquote></form></main><script>alert(1)</script>",
)
"""Tags, the end of an attribute, templates, a word without a break, letters that turn the direction, ends of elements."""
