"""What an owner does with the people who wrote to an agent, each change on record. One service for the API and pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from trinity_channels.authorisation import Authorisation
from trinity_channels.people.blocks import Blocks
from trinity_channels.people.erasure import Erasure
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, audit, clients, people, verified_emails
from trinity_channels.store.people import ListedContact
from trinity_channels.store.place import Place


class ContactNotFound(Refusal):
    """The agent has no contact with this id."""

    def __init__(self) -> None:
        super().__init__("client_not_found", "There is no such person.")


@dataclass(frozen=True, slots=True)
class ContactPage:
    """Some of the people who wrote, and where the next page begins; empty if this is the last one."""

    contacts: tuple[ListedContact, ...]
    next: str


class Contacts:
    """Lists and changes them. Every operation is for the agent's owner and administrators, and returns the contact after it.

    Raises:
        Refusal: by each operation, if the principal may not manage the agent.
        ContactNotFound: by each operation on one contact, if the agent does not have it.
    """

    def __init__(
        self, store: Store, may: Authorisation, blocks: Blocks, erasure: Erasure, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._may = may
        self._blocks = blocks
        self._erasure = erasure
        self._now = now

    async def of(
        self, principal: Principal, agent: str, *, after: str = "", most: int = 500, words: str = ""
    ) -> ContactPage:
        """The people who wrote to the agent, those who wrote last first.

        Args:
            principal: who asks.
            agent: its name.
            after: the `next` of an earlier page, to go on from there; empty for the first.
            most: how many at most.
            words: only those whose name, verified e-mail or address contains this.

        Raises:
            Refusal: `invalid_input`, if `after` is not from a page of this list.
        """
        await self._may.owner(principal, agent)
        place = _place(after)
        # One more than is shown tells whether there is another page.
        found = await self._store.read(lambda tx: clients.page(tx, agent, after=place, most=most + 1, words=words))
        shown = tuple(found[:most])
        return ContactPage(shown, str(clients.place_of(shown[-1])) if len(found) > most else "")

    async def one(self, principal: Principal, agent: str, contact: int) -> ListedContact:
        """One of them."""
        await self._may.owner(principal, agent)
        return _known(await self._store.read(lambda tx: people.contact(tx, agent, contact)))

    async def block(self, principal: Principal, agent: str, contact: int) -> ListedContact:
        """Drop what they write in silence, and what is held for them."""
        now = self._now()
        return await self._change(principal, agent, contact, "block", lambda tx: self._blocks.block(tx, contact, now))

    async def unblock(self, principal: Principal, agent: str, contact: int) -> ListedContact:
        """Let them in again, also if they were erased."""
        return await self._change(principal, agent, contact, "unblock", lambda tx: self._blocks.unblock(tx, contact))

    async def unlink(self, principal: Principal, agent: str, contact: int) -> ListedContact:
        """Forget their verified e-mail, also where the provider vouches for it, until they sign in again."""
        now = self._now()
        return await self._change(
            principal, agent, contact, "unlink", lambda tx: verified_emails.sign_out(tx, contact, now)
        )

    async def erase(self, principal: Principal, agent: str, contact: int) -> ListedContact:
        """Erase them for good; of blocked people, keyed hashes of their addresses stay."""
        await self._may.owner(principal, agent)
        _known(await self._store.read(lambda tx: people.contact(tx, agent, contact)))
        # Outside the transaction that erases: searching quotations takes long, and a unit must be short (docs/adr/0005).
        prepared, now = await self._erasure.prepare(contact), self._now()
        return await self._change(
            principal, agent, contact, "erase", lambda tx: self._erasure.finish(tx, prepared, now)
        )

    async def _change(
        self, principal: Principal, agent: str, contact: int, action: audit.Action, change: Callable[[Tx], None]
    ) -> ListedContact:
        await self._may.owner(principal, agent)  # for an erasure once more: its preparation can take long
        now = self._now()

        def unit(tx: Tx) -> ListedContact | None:
            if people.contact(tx, agent, contact) is None:
                return None
            change(tx)
            audit.add(tx, now, principal.actor, action, agent=agent, details={"client": contact})
            return people.contact(tx, agent, contact)

        return _known(await self._store.write(unit))


def _place(text: str) -> Place | None:
    try:
        return Place.read(text) if text else None
    except ValueError as error:
        raise Refusal("invalid_input", f"after {error}.", field="after") from None


def _known(contact: ListedContact | None) -> ListedContact:
    if contact is None:
        raise ContactNotFound
    return contact
