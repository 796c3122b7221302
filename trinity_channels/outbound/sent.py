"""What an owner sees of the messages to people, and does about those that failed: for the API, pages and commands."""

from __future__ import annotations

from trinity_channels.authorisation import Authorisation, administrator
from trinity_channels.outbound.resend import DeliveryNotFound, Resends, Resent, ResentAll
from trinity_channels.principal import Principal
from trinity_channels.store import Store, delivery_log, trials
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

    async def one(self, principal: Principal, agent: str, delivery: int, *, test_on: str = "") -> Sent:
        """One delivery.

        Args:
            principal: who wants to know.
            agent: whose delivery it is.
            delivery: its id.
            test_on: only a test message on this channel; empty if that does not matter.

        Raises:
            DeliveryNotFound: the agent has none with this id.
        """
        await self._may.owner(principal, agent)
        found = await self._store.read(lambda tx: delivery_log.one(tx, agent, delivery))
        if found is None or (test_on and (found.channel, found.origin) != (test_on, trials.ORIGIN)):
            raise DeliveryNotFound
        return found

    async def resend(
        self, principal: Principal, agent: str | None, delivery: int, conversation: int | None = None
    ) -> Resent:
        """Send a failed or unknown delivery again, with the failed parts of the same message.

        Args:
            principal: who wants it.
            agent: whose delivery it is; None, for administrators only, if that does not matter.
            delivery: its id.
            conversation: which it must belong to; None if that does not matter.

        Raises:
            DeliveryNotFound: the agent has none with this id, or the conversation has not.
            ResendRefused: it may not be sent again.
        """
        if agent is None:
            administrator(principal)
        else:
            await self._may.owner(principal, agent)
        return await self._resends.one(delivery, principal.actor, agent=agent, conversation=conversation)

    async def resend_failed(
        self,
        principal: Principal,
        agent: str,
        *,
        code: str | None = None,
        channel: str | None = None,
        even_removed: bool = False,
    ) -> ResentAll:
        """Send everything again that failed, for one cause or any.

        Args:
            principal: who wants it.
            agent: whose messages.
            code: only what failed with this code; None means any.
            channel: only on this channel; None means all.
            even_removed: for administrators only: the agent need not be configured any more.

        Raises:
            ResendRefused: there is no such channel.
        """
        if even_removed:
            administrator(principal)
        else:
            await self._may.owner(principal, agent)
        return await self._resends.failed(agent, principal.actor, code=code, channel=channel)
