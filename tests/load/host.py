"""A host in a process of its own, so that it can be killed: `python -m tests.load.host PORT ORDERS`; settings as `serve`.

`ORDERS` is the file that tells it where to stop, see `points`. A third argument names a way to break it, see `sabotage`.
"""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from tests.load.points import Points
from tests.load.sabotage import WAYS
from trinity_channels.app import create_app
from trinity_channels.http_server import server_config
from trinity_channels.observability.log import configure_logging
from trinity_channels.settings import StandaloneSettings


def main(port: int, orders: Path, *sabotage: str) -> None:
    """Serve on 127.0.0.1 until a signal comes."""
    configure_logging("WARNING", json=True)
    app, host = create_app(StandaloneSettings.load())
    for way in sabotage:
        WAYS[way]()
    points = Points(orders)
    points.watch(host)
    uvicorn.Server(server_config(points.around(app), host="127.0.0.1", port=port)).run()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
