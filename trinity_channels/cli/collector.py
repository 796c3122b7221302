"""The garbage collector of a process that serves: what stays for good is not searched again and again."""

from __future__ import annotations

import gc
import sys

YOUNG = 2000
"""New objects after which those are searched. With Python's 700 that took a twentieth of a busy host's time: while a
thousand conversations are under way, most of them are in use. With 5000 it took half of that, and 3 MB more memory."""


def settle() -> None:
    """Leave out what is alive now, and later what imports have added: they stay. Search new objects less often.

    A search through all of it takes a tenth of a second, and through what a host imports with its first messages several
    milliseconds; nothing else is answered meanwhile. What is alive beside modules, such as a request, is left out too: no
    more often than there are modules, and reference counts free most of that all the same.
    """
    gc.freeze()
    gc.set_threshold(YOUNG, *gc.get_threshold()[1:])
    known = len(sys.modules)

    def collected(phase: str, info: dict[str, int]) -> None:
        nonlocal known
        if phase == "stop" and info["generation"] == 2 and len(sys.modules) > known:  # noqa: PLR2004  all generations
            known = len(sys.modules)
            gc.freeze()

    gc.callbacks.append(collected)
