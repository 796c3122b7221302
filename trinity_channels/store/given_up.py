"""The names of bindings whose agent was deleted; no agent can have them."""

from __future__ import annotations

from trinity_channels.store.tables import BINDING

GIVEN_UP = "deleted:"
"""What they begin with while people are still to be erased."""
ERASED = "erased:"
"""The same once nothing is left but empty rows."""

IS_GIVEN_UP = BINDING.c.agent.startswith(GIVEN_UP)
