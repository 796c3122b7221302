"""What every provider's simulator needs: work that goes on, a clock that moves, and faults.

Only simulators import this. Neither the host nor `trinity_channels.api` does: they start without it.
"""

from trinity_channels.api.simulation.background import Background
from trinity_channels.api.simulation.clock import Clock
from trinity_channels.api.simulation.faults import Faults

__all__ = ["Background", "Clock", "Faults"]
