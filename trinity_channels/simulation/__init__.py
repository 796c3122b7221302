"""A toolkit for provider simulators: background work, a clock that can be moved, faults, and a page for people.

It is not part of the contract, and simulators may do without it. The host and `trinity_channels.api` never import it, so
they start without it.
"""

from trinity_channels.simulation.background import Background
from trinity_channels.simulation.clock import Clock
from trinity_channels.simulation.faults import Faults
from trinity_channels.simulation.page import SHOWN, Page, Refused
from trinity_channels.simulation.phone_page import PhonePage

__all__ = ["SHOWN", "Background", "Clock", "Faults", "Page", "PhonePage", "Refused"]
