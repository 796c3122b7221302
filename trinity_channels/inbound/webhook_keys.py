"""Which binding a webhook address belongs to, found before anything of a request's body is read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from trinity_channels.bindings import Bindings, Gone, OpenBinding
from trinity_channels.crypto.vault import VaultError
from trinity_channels.inbound.owner_notices import OwnerNotices
from trinity_channels.inbound.refused import Refused, gone, unavailable, unread
from trinity_channels.inbound.unknown import UnknownWebhooks
from trinity_channels.observability.log import Sparse, get_logger
from trinity_channels.plugins import Plugins
from trinity_channels.store import StoreError

log = get_logger(__name__)


class NotOurs(Exception):
    """No binding has the key, or it cannot be looked up, and the application around the host has webhooks there, too."""


class WebhookKeys:
    """Looks bindings up by the key in their address.

    Attributes:
        answered_elsewhere: whether the application around the host answers a request, too; a host that runs alone has none.
    """

    def __init__(
        self,
        bindings: Bindings,
        plugins: Plugins,
        unknown: UnknownWebhooks,
        notices: OwnerNotices,
        now: Callable[[], datetime],
    ) -> None:
        self._bindings = bindings
        self._plugins = plugins
        self._unknown = unknown
        self._notices = notices
        self._sparse = Sparse(now)
        self.answered_elsewhere: Callable[[Scope], bool] = lambda _: False

    async def binding(self, channel: str, request: Request, receive: Receive) -> OpenBinding:
        """The binding that a request is meant for.

        Raises:
            Refused: there is none, or it cannot be opened. An unknown key gets the channel's usual acknowledgement.
            NotOurs: there is none, and the application around the host may have one.
        """
        try:
            bound = await self._bindings.by_key(channel, request.path_params["key"])
        # 410 instead of an acknowledgement: the provider's own log then shows that the address is out of date.
        except Gone as error:
            await self._notices.retired(error.bound)
            raise Refused("retired", unread(request, gone())) from error
        except (VaultError, StoreError) as error:  # known causes, for which every webhook would repeat one entry
            if self._sparse.passes(channel):
                log.warning("binding cannot be opened", channel=channel, reason=str(error))
            raise self._not_opened(channel, request, ours=isinstance(error, VaultError)) from error
        except Exception as error:  # not looked up, not acknowledged
            log.exception("binding cannot be opened", channel=channel, error=type(error).__name__)
            raise self._not_opened(channel, request, ours=False) from error
        if bound is None:
            raise await self._refused(channel, request, receive)
        return bound

    def _not_opened(self, channel: str, request: Request, *, ours: bool) -> Exception:
        # Trouble with our database must not stop the application's own webhooks. What is ours is not among them: the keys of
        # all bindings are known without the database, and so are our own probes.
        key = request.path_params["key"]
        ours = ours or self._bindings.knows(channel, key) or self._unknown.probes.expects(channel, key)
        if not ours and self.answered_elsewhere(request.scope):
            return NotOurs()
        return Refused("store_failed", unread(request, unavailable()))

    async def _refused(self, channel: str, request: Request, receive: Receive) -> Exception:
        # Only here, where no binding was found: real webhooks pay nothing for it.
        if (probed := await self._unknown.probes.answer(channel, request, receive)) is not None:
            return Refused("probe", probed)
        if self.answered_elsewhere(request.scope):
            return NotOurs()
        self._unknown.count(channel, request.path_params["key"])
        empty = self._plugins[channel].manifest.acknowledgement
        return Refused("unknown_key", unread(request, Response(empty.body, empty.status, media_type=empty.media_type)))
