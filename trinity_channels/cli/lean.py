"""What a process that serves leaves out until it is ready: it takes webhooks before it can answer everything else."""

from __future__ import annotations

import asyncio
import gc
import warnings
from importlib import import_module

from pydantic import BaseModel

_LATER = "trinity_channels.routes"
"""The routes of the API, with all that only they need."""


def begin() -> None:
    """Call this before the host is imported."""
    gc.disable()  # until all is imported: what that makes stays, and searching it costs a quarter of the start
    # Models that are defined from now on get their validators with their first use. Most are of FastAPI's description of the
    # API, of rarely used routes, and of tables, whose rows are not validated.
    BaseModel.model_config["defer_build"] = True
    # FastAPI ignores this warning where it builds a validator, and these are built later.
    warnings.filterwarnings("ignore", r"The '\w+' attribute with value .* was provided to the `Field\(\)`", UserWarning)


def catch_up() -> None:
    """Import the rest beside the event loop, so that the first request for it need not wait; call this when ready."""
    asyncio.get_running_loop().run_in_executor(None, import_module, _LATER)
