"""The garbage collector of a process that serves: what stays for good is not searched again and again."""

from __future__ import annotations

import gc
import sys


def settle() -> None:
    """Leave out what is alive now, and later what imports have added: they stay.

    A search through all of it takes a tenth of a second, and through what a host imports with its first messages several
    milliseconds; nothing else is answered meanwhile. What is alive beside modules, such as a request, is left out too: no
    more often than there are modules, and reference counts free most of that all the same.
    """
    gc.freeze()
    known = len(sys.modules)

    def collected(phase: str, info: dict[str, int]) -> None:
        nonlocal known
        if phase == "stop" and info["generation"] == 2 and len(sys.modules) > known:  # noqa: PLR2004  all generations
            known = len(sys.modules)
            gc.freeze()

    gc.callbacks.append(collected)
