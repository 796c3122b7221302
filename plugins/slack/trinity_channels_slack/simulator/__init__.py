"""A Slack workspace on this machine, for demos and tests. It is not Slack and never calls it."""

from trinity_channels_slack.simulator.behaviour import Behaviour
from trinity_channels_slack.simulator.phones import SlackPhone
from trinity_channels_slack.simulator.simulator import SlackSimulator
from trinity_channels_slack.simulator.webhooks import RequestUrlRefused, WebhookCall

__all__ = ["Behaviour", "RequestUrlRefused", "SlackPhone", "SlackSimulator", "WebhookCall"]
