"""Who runs next. No message content crosses this seam: only keys, `turn:<conversation>` and `deliver:<conversation>`.

A unit of work names the keys it makes work for, with `Tx.wake`; the store passes them on after the commit. The contract of
a dispatcher: never two runs of one key at once; every committed wake is followed by a run, also after a process died; it
may call too often. Order, attempts and back-off live in the tables.
"""

from trinity_channels.dispatch.elsewhere import DispatchElsewhere
from trinity_channels.dispatch.ending import end
from trinity_channels.dispatch.local import LocalDispatcher

__all__ = ["DispatchElsewhere", "LocalDispatcher", "end"]
