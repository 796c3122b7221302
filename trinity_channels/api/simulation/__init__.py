"""What every provider's simulator needs: work that goes on, a clock that moves, faults, and a page for people.

Only simulators import this. Neither the host nor `trinity_channels.api` does: they start without it.
"""

from trinity_channels.api.simulation.background import Background
from trinity_channels.api.simulation.clock import Clock
from trinity_channels.api.simulation.faults import Faults
from trinity_channels.api.simulation.page import SHOWN, Page, Refused
from trinity_channels.api.simulation.phone_page import PhonePage

__all__ = ["SHOWN", "Background", "Clock", "Faults", "Page", "PhonePage", "Refused"]
