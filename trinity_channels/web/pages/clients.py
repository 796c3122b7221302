"""What an owner does with one person who wrote: block, unlink, export, erase."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from starlette.responses import Response

from trinity_channels.people.contacts import Contacts
from trinity_channels.people.exports import Exports
from trinity_channels.plugins import Plugins
from trinity_channels.store.people import ListedContact
from trinity_channels.web.exported import exported
from trinity_channels.web.pages.form import row_id
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.sharing_view import ClientView
from trinity_channels.web.pages.visit import Visit

_PATH = "/agents/{name}/clients/{client}"


class ClientPages:
    """`/agents/{name}/clients/{client}…`."""

    def __init__(self, contacts: Contacts, exports: Exports, plugins: Plugins) -> None:
        self._contacts = contacts
        self._exports = exports
        self._plugins = plugins

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page(f"{_PATH}/block", self._block, "POST"),
            Page(f"{_PATH}/unlink", self._unlink, "POST"),
            Page(f"{_PATH}/export", self._export, "POST"),
            Page(f"{_PATH}/erase", self._ask_to_erase),
            Page(f"{_PATH}/erase", self._erase, "POST"),
        ]

    async def _block(self, visit: Visit) -> Response:
        agent, client = _named(visit)
        if (await visit.form()).text("blocked") == "yes":
            found = await self._contacts.block(visit.principal, agent, client)
            return _back(visit, f"{_name(found)} is blocked: what they write is dropped without an answer.")
        found = await self._contacts.unblock(visit.principal, agent, client)
        return _back(visit, f"{_name(found)} is not blocked any more.")

    async def _unlink(self, visit: Visit) -> Response:
        agent, client = _named(visit)
        found = await self._contacts.unlink(visit.principal, agent, client)
        return _back(visit, f"{_name(found)} has no verified e-mail until they sign in again.")

    async def _export(self, visit: Visit) -> Response:
        agent, client = _named(visit)
        return exported(await self._exports.of(visit.principal, agent, client), client)

    async def _ask_to_erase(self, visit: Visit) -> Response:
        agent, client = _named(visit)
        found = await self._contacts.one(visit.principal, agent, client)
        api = f"/api/agents/{quote(agent, safe='')}"
        one = ClientView(found, self._plugins, visit)
        return visit.render("client_erase.html", agent=agent, api=api, one=one)

    async def _erase(self, visit: Visit) -> Response:
        agent, client = _named(visit)
        await self._contacts.erase(visit.principal, agent, client)
        return _back(visit, "The person is erased.")


def _named(visit: Visit) -> tuple[str, int]:
    """The agent and the client of an address."""
    # No client has the id 0, so the service says that there is no such person.
    return visit.request.path_params["name"], row_id(visit.request.path_params["client"])


def _back(visit: Visit, said: str) -> Response:
    """To the list, and to the same place in it."""
    query = f"?{visit.request.url.query}" if visit.request.url.query else ""
    return visit.redirect(f"/agents/{quote(visit.request.path_params['name'], safe='')}{query}#clients", said)


def _name(contact: ListedContact) -> str:
    return contact.name[:60] or "The person"
