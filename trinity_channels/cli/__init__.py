"""The command line, `trinity-channels`: one module per command; what is slow to import is imported within it."""

import gc
import sys

# structlog and httpx import these where they find them, for tracebacks and for a command of httpx that are not used here. In
# a server that costs 5 MB and 0.1 s, so they do not find them, and go on without. Our own commands import rich afterwards.
# What is loaded already, by a program that imports this one, stays as it is.
_COLLECTS = gc.isenabled()
gc.disable()  # all that is imported here stays: searching it again and again takes a fourteenth of the time
_UNUSED = {"rich", "pygments"} - sys.modules.keys()
sys.modules |= dict.fromkeys(_UNUSED)  # type: ignore[arg-type]  # None is how Python notes what cannot be imported
try:
    import httpx  # noqa: F401
    import structlog  # noqa: F401
finally:
    for _name in _UNUSED:
        del sys.modules[_name]

try:
    from trinity_channels.cli.commands import app, main
except ModuleNotFoundError as missing:
    if missing.name not in ("typer", "rich", "uvicorn", "httptools"):
        raise
    sys.exit(
        f"The commands need {missing.name}, which is not installed. Install trinity-channels with its extra cli: "
        "pip install 'trinity-channels[cli]'"
    )
finally:
    if _COLLECTS:
        gc.enable()

__all__ = ["app", "main"]
