"""What an owner sees of the messages to people, and does about those that failed. One service for the API and pages."""

from __future__ import annotations

from trinity_channels.access.authorisation import Authorisation
from trinity_channels.access.principal import Principal
from trinity_channels.outbound.resend import DeliveryNotFound, Resends, Resent, ResentAll
from trinity_channels.store import Store, delivery_log
from trinity_channels.store.delivery_log import Sent


class SentMessages:
    """Lists and resends an agent's deliveries, for its owner and administrators.

    Raises:
        Refusal: by each operation, if the principal may not manage the agent.
    """

    def __init__(self, store: Store, may: Authorisation, resends: Resends) -> None:
        self._store = store
        self._may = may
        self._resends = resends

    async def recent(self, principal: Principal, agent: str, state: str = "") -> list[Sent]:
        """The newest deliveries first, at most 200; an empty state means all."""
        await self._may.owner(principal, agent)
        states = {state} if state else ()
        return await self._store.read(lambda tx: delivery_log.recent(tx, agent, states))

    async def one(self, principal: Principal, agent: str, delivery: int) -> Sent:
        """One delivery.

        Raises:
            DeliveryNotFound: the agent has none with this id.
        """
        await self._may.owner(principal, agent)
        found = await self._store.read(lambda tx: delivery_log.one(tx, agent, delivery))
        if found is None:
            raise DeliveryNotFound
        return found

    async def resend(self, principal: Principal, agent: str, delivery: int) -> Resent:
        """Send a failed or unknown delivery again, with the failed parts of the same message.

        Raises:
            DeliveryNotFound: the agent has none with this id.
            ResendRefused: it may not be sent again.
        """
        await self._may.owner(principal, agent)
        return await self._resends.one(delivery, principal.actor, agent=agent)

    async def resend_failed(
        self, principal: Principal, agent: str, *, code: str | None, channel: str | None
    ) -> ResentAll:
        """Send everything again that failed, for one cause or any.

        Raises:
            ResendRefused: there is no such channel.
        """
        await self._may.owner(principal, agent)
        return await self._resends.failed(agent, principal.actor, code=code, channel=channel)
