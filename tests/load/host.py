"""A process of a host that can be stopped at named points: `python -m tests.load.host ORDERS SABOTAGE serve --port 8000`.

`ORDERS` is the file that tells it where to stop, see `points`. `SABOTAGE` names a way to break it, see `sabotage`; it may be
empty. The rest is a command line of `trinity-channels`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.load.points import Points
from tests.load.sabotage import WAYS
from trinity_channels import cli
from trinity_channels.store import store_at


def main(orders: Path, sabotage: str, *command: str) -> None:
    """Run the command."""
    if sabotage:
        WAYS[sabotage]()
    Points(orders).watch(type(store_at(os.environ["TRINITY_CHANNELS_DATABASE_URL"])))
    sys.argv = ["trinity-channels", *command]
    cli.main()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
