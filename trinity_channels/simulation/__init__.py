"""A toolkit for provider simulators: background work, a clock that can be moved, faults, and a page with phones.

It is not part of the contract, and simulators may do without it. The host and `trinity_channels.api` never import it, so
they start without it.
"""

from trinity_channels.simulation.arguments import (
    Arguments,
    NotAnObject,
    arguments,
    form_fields,
    json_object,
    text,
    truth,
)
from trinity_channels.simulation.background import Background
from trinity_channels.simulation.clock import Clock
from trinity_channels.simulation.endpoints import page_routes
from trinity_channels.simulation.faults import Faults
from trinity_channels.simulation.page import PhonePage
from trinity_channels.simulation.posted import Refused
from trinity_channels.simulation.samples import Sample
from trinity_channels.simulation.screen import SHOWN, Bubble, File, Screen, Switch, behaviours, send_faults

__all__ = [
    "SHOWN",
    "Arguments",
    "Background",
    "Bubble",
    "Clock",
    "Faults",
    "File",
    "NotAnObject",
    "PhonePage",
    "Refused",
    "Sample",
    "Screen",
    "Switch",
    "arguments",
    "behaviours",
    "form_fields",
    "json_object",
    "page_routes",
    "send_faults",
    "text",
    "truth",
]
