"""Dialects to compose for: like those of the channels, and free of their reasons."""

from __future__ import annotations

from trinity_channels.api import Dialect

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
WHATSAPP = Dialect(
    bold=("*", "*"),
    italic=("_", "_"),
    strike=("~", "~"),
    code=("`", "`"),
    fence=("```\n", "\n```"),
    hugging=True,
)
SLACK = Dialect(
    bold=("*", "*"),
    italic=("_", "_"),
    strike=("~", "~"),
    code=("`", "`"),
    fence=("```\n", "\n```"),
    bullet="• ",
    link="<{url}|{text}>",
    escape=ENTITIES,
    escape_code=ENTITIES,
    hugging=True,
)
TELEGRAM = Dialect(
    bold=("<b>", "</b>"),
    italic=("<i>", "</i>"),
    strike=("<s>", "</s>"),
    code=("<code>", "</code>"),
    fence=("<pre>", "</pre>"),
    fence_language=('<pre><code class="language-{language}">', "</code></pre>"),
    quote="",
    quote_block=("<blockquote>", "</blockquote>"),
    bullet="• ",
    link='<a href="{url}">{text}</a>',
    escape=ENTITIES | {'"': "&quot;"},
    escape_code=ENTITIES,
)
