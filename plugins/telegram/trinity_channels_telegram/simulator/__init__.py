"""Telegram's Bot API on this machine, for demos and tests. It is not Telegram and never calls it."""

from trinity_channels_telegram.simulator.behaviour import Behaviour
from trinity_channels_telegram.simulator.chats import Bot, Chat, Posted, Topic
from trinity_channels_telegram.simulator.phones import Phone
from trinity_channels_telegram.simulator.simulator import TelegramSimulator

__all__ = ["Behaviour", "Bot", "Chat", "Phone", "Posted", "TelegramSimulator", "Topic"]
