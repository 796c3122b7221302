"""The first start makes a token for the administrator, where the settings name none, and hands it over."""

from __future__ import annotations

import sys
from pathlib import Path

from trinity_channels.access.tokens import Tokens, fresh_token
from trinity_channels.crypto.private_file import write_private
from trinity_channels.observability.log import get_logger

log = get_logger(__name__)

FILE = "admin-token"


class FirstTokenError(Exception):
    """The first administrator's token cannot be handed over; the text says why and what to do."""


async def hand_over_first_token(tokens: Tokens, home: Path, *, configured: bool) -> None:
    """Make the first administrator's token if there is none that works.

    It is printed to a terminal. Other outputs are logs that are kept and copied, so there it goes to a file of mode 0600
    in the data folder, whose path is logged. If the settings name an administrator's token (`configured`), the one of the
    first start is revoked.

    Raises:
        FirstTokenError: the file cannot be written.
    """
    if configured:
        await tokens.replace_first()
        return
    if not await tokens.needs_first():
        return
    token = fresh_token()
    if sys.stdout is not None and sys.stdout.isatty():  # a process can be started without any output
        await tokens.add_first(token)
        print(f"Admin token, shown this once: {token}", flush=True)  # noqa: T201  see above
        return
    file = home / FILE
    try:
        write_private(file, f"{token}\n")  # first: after a crash in between, a stored token would be known to no one
    except OSError as error:
        await tokens.leave_first()
        raise FirstTokenError(
            f"The administrator's first token cannot be written to {file} ({error.strerror}). Give the data folder to the "
            "user that runs the server, or set TRINITY_CHANNELS_ADMIN_TOKEN."
        ) from error
    await tokens.add_first(token)
    log.warning("the administrator's first token is in a file: read it, then delete the file", file=str(file))
