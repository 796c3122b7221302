"""A toolkit for provider simulators: background work, a clock that can be moved, faults, and a page with phones.

It is not part of the contract, and simulators may do without it. The host and `trinity_channels.api` never import it, so
they start without it.
"""

from trinity_channels.simulation.arguments import (
    Arguments,
    NotAnObject,
    arguments,
    form_fields,
    is_json,
    json_object,
    text,
    truth,
)
from trinity_channels.simulation.background import Background
from trinity_channels.simulation.clock import Clock
from trinity_channels.simulation.console import ConsoleAction, ConsolePage, WebhookField
from trinity_channels.simulation.endpoints import page_routes
from trinity_channels.simulation.faults import Faults
from trinity_channels.simulation.page import PhonePage
from trinity_channels.simulation.posted import Refused
from trinity_channels.simulation.rate_limits import Buckets, Rule, Windows
from trinity_channels.simulation.refusals import refusal_handlers
from trinity_channels.simulation.samples import Sample
from trinity_channels.simulation.screen import SHOWN, Bubble, File, Screen, Switch, behaviours, send_faults
from trinity_channels.simulation.webhook_client import post_webhook, recent

__all__ = [
    "SHOWN",
    "Arguments",
    "Background",
    "Bubble",
    "Buckets",
    "Clock",
    "ConsoleAction",
    "ConsolePage",
    "Faults",
    "File",
    "NotAnObject",
    "PhonePage",
    "Refused",
    "Rule",
    "Sample",
    "Screen",
    "Switch",
    "WebhookField",
    "Windows",
    "arguments",
    "behaviours",
    "form_fields",
    "is_json",
    "json_object",
    "page_routes",
    "post_webhook",
    "recent",
    "refusal_handlers",
    "send_faults",
    "text",
    "truth",
]
