"""What the host may know of Slack before it is used."""

from __future__ import annotations

from datetime import timedelta

from trinity_channels.api import AddressFormat, Capabilities, Channel, Dialect, FieldHint, Limits
from trinity_channels_slack.addresses import ADDRESS, PERSON
from trinity_channels_slack.settings import SlackSettings
from trinity_channels_slack.setup_steps import SETUP_STEPS

# https://docs.slack.dev/messaging/formatting-message-text
ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}

# https://docs.slack.dev/messaging/formatting-message-text: mrkdwn. Marks work next to a word boundary
# only and have no escape; there are no headings, tables or lists; a language after the fence would show as text.
DIALECT = Dialect(
    bold=("*", "*"),
    italic=("_", "_"),
    strike=("~", "~"),
    code=("`", "`"),
    fence=("```\n", "\n```"),
    quote="> ",
    bullet="• ",
    link="<{url}|{text}>",
    # Anything else in brackets is shown as text or taken for a command.
    link_schemes=("http", "https", "mailto"),
    escape=ESCAPES,
    escape_code=ESCAPES,
    hugging=True,
)

MANIFEST = Channel(
    name="slack",
    title="Slack",
    provider="slack",
    settings=SlackSettings,
    # https://docs.slack.dev/reference/methods/chat.postMessage advises 4,000 characters; Slack itself splits
    # from about 4,046 (https://github.com/slackapi/java-slack-sdk/issues/704). The rest is room for escapes.
    limits=Limits(text=3800),
    dialect=DIALECT,
    capabilities=Capabilities(
        # A reaction stays: it says "seen" for good.
        indicate=timedelta(days=1).total_seconds(),
        # Longer than our own time-out, so that a request under way has ended before it is looked for.
        find_sent=20,
        resolve_quoted=True,
        listen=True,
        simulator=True,
        groups=True,
        # The workspace has verified its members' addresses, so they need not sign in.
        verified_email=True,
    ),
    address=AddressFormat(pattern=ADDRESS, example="U0123ABCDEF", thread_mark="/", person=PERSON),
    auto=True,
    # Slack's clients keep "/" for slash commands and refuse one that is not known.
    command_mark="!",
    auto_rank=20,
    setup_steps=SETUP_STEPS,
    form={
        "app_token": FieldHint(only="listen"),
        "signing_secret": FieldHint(only="webhook"),
        "signing_secret_secondary": FieldHint(only="webhook"),
    },
)
