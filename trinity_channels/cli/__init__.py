"""The command line, `trinity-channels`: one module per command; what is slow to import is imported within it."""

import sys

# structlog and httpx import these where they find them, for tracebacks and for a command of httpx that are not used here. In
# a server that costs 5 MB and 0.1 s, so they do not find them, and go on without. Our own commands import rich afterwards.
# What is loaded already, by a program that imports this one, stays as it is.
_UNUSED = {"rich", "pygments"} - sys.modules.keys()
sys.modules |= dict.fromkeys(_UNUSED)  # type: ignore[arg-type]  # None is how Python notes what cannot be imported
try:
    import httpx  # noqa: F401
    import structlog  # noqa: F401
finally:
    for _name in _UNUSED:
        del sys.modules[_name]

from trinity_channels.cli.commands import app, main  # noqa: E402

__all__ = ["app", "main"]
