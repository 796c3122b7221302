"""A host in a process of its own, so that it can be killed: `python -m tests.load.host PORT`, settings as for `serve`."""

from __future__ import annotations

import sys

import uvicorn

from trinity_channels.app import create_app
from trinity_channels.http_server import server_config
from trinity_channels.observability.log import configure_logging
from trinity_channels.settings import StandaloneSettings


def main(port: int) -> None:
    """Serve on 127.0.0.1 until a signal comes."""
    configure_logging("WARNING", json=True)
    app, _ = create_app(StandaloneSettings.load())
    uvicorn.Server(server_config(app, host="127.0.0.1", port=port)).run()


if __name__ == "__main__":
    main(int(sys.argv[1]))
