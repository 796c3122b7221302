"""What an owner does in Telegram, in order. https://core.telegram.org/bots/features#botfather."""

from __future__ import annotations

from trinity_channels.api import SetupStep

_ENTER = "Enter the bot token here and connect. Another program that uses this bot receives no messages from then on."
SETUP_STEPS = (
    SetupStep(
        "Create a bot",
        "Open Telegram, write /newbot to @BotFather, and choose a name and a username that ends in bot. For a bot you"
        " already have, write /token instead. Use each bot for one agent only.",
        path=("Telegram", "@BotFather", "/newbot"),
    ),
    SetupStep(
        "Connect",
        f"{_ENTER} The webhook is set at Telegram automatically, once the host has a public address.",
        only="webhook",
    ),
    SetupStep("Connect", _ENTER, only="listen"),
    SetupStep(
        "Say hello",
        "In Telegram, search for the bot's username and press Start. A bot can write only to people who have written"
        " to it.",
        connected=True,
    ),
    SetupStep(
        "Use it in groups, if you like",
        "Add the bot to a group. It answers when it is mentioned or replied to; its group privacy may stay on. With"
        " /setjoingroups, @BotFather asks whether it can be added at all. After a change of /setprivacy, remove the"
        " bot from its groups and add it again.",
    ),
)
