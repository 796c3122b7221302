"""What the host may know of Telegram before it is used."""

from __future__ import annotations

from trinity_channels.api import AddressFormat, Capabilities, Channel, Dialect, Limits
from trinity_channels_telegram.addresses import ADDRESS, PERSON
from trinity_channels_telegram.settings import TelegramSettings
from trinity_channels_telegram.setup_steps import SETUP_STEPS

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

# https://core.telegram.org/bots/api#html-style: HTML, not MarkdownV2, which refuses a message for one stray dot. Quotes
# cannot be nested, and only <pre><code class="…"> keeps a fence's language.
DIALECT = Dialect(
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
    escape={**_ENTITIES, '"': "&quot;"},
    escape_code=_ENTITIES,
)

MANIFEST = Channel(
    name="telegram",
    title="Telegram",
    provider="telegram",
    settings=TelegramSettings,
    # https://core.telegram.org/bots/api#sendmessage: characters after parsing; counting UTF-16 units is never too few.
    # The first 100 entities are kept, the rest is silently dropped (https://limits.tginfo.me/en).
    limits=Limits(text=4096, entities=100),
    dialect=DIALECT,
    # No find_sent, list_missed or receipts: bots can neither search messages nor learn of delivery, and the queue at
    # Telegram, 24 hours deep, is the catch-up.
    capabilities=Capabilities(
        indicate=5,
        indicate_repeats=True,
        listen=True,
        register_webhook=True,
        unregister_webhook=True,
        simulator=True,
        groups=True,
    ),
    address=AddressFormat("chat_id", ADDRESS, "123456789", thread_mark="/", person=PERSON),
    auto_rank=10,
    setup_steps=SETUP_STEPS,
    # https://core.telegram.org/api/links#public-username-links
    account_fields={"bot_username": "{username}", "bot_id": "{id}", "bot_link": "https://t.me/{username}"},
)
