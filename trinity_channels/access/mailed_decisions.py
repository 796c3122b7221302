"""An owner decides about an access request with the link from a mail, once."""

from __future__ import annotations

from trinity_channels.access.decision_links import DecisionLinks, InvalidLink
from trinity_channels.access.directory import Directory, owner_of
from trinity_channels.access.sharing import AlreadyDecided, RequestNotFound, Sharing
from trinity_channels.principal import Owner, Principal, Role
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, access
from trinity_channels.store.access import AccessRequest

VIA = "mail link"
"""How the audit log names this way of deciding."""


class ExpiredLink(Refusal):
    """The link's time is over, or the request it was for does not exist any more."""

    def __init__(self) -> None:
        super().__init__("expired_link", "People who still wait are listed on the agent's Sharing page.")


class UsedLink(Refusal):
    """The request was decided, by this link or otherwise; `request` says how and when."""

    def __init__(self, request: AccessRequest) -> None:
        super().__init__("used_link", "This link decides nothing any more.")
        self.request = request


class MailedDecisions:
    """Looks up what a link is for, and decides it. The link alone proves who asks, so only owners get one."""

    def __init__(self, links: DecisionLinks, store: Store, directory: Directory, sharing: Sharing) -> None:
        self._links = links
        self._store = store
        self._directory = directory
        self._sharing = sharing

    async def look(self, token: str) -> AccessRequest:
        """The open request that a link is for; changes nothing.

        Raises:
            InvalidLink: the link is not one of ours, or was sent to a former owner of the agent.
            ExpiredLink: it is too old.
            UsedLink: the request is decided.
        """
        return (await self._opened(token))[0]

    async def decide(self, token: str, *, approve: bool) -> AccessRequest:
        """Decide the request that a link is for, as its owner; returns it as it stands now.

        Raises:
            InvalidLink, ExpiredLink, UsedLink: as `look`.
        """
        request, owner = await self._opened(token)
        try:
            return await self._sharing.decide(
                Principal(Role.USER, owner.id),
                request.agent,
                request.id,
                approve=approve,
                # Checked again in the transaction: the person may ask again between the two looks.
                asked_at=request.requested_at,
                via=VIA,
            )
        except RequestNotFound as error:
            raise ExpiredLink from error
        except AlreadyDecided as error:
            raise UsedLink(error.request) from error

    async def _opened(self, token: str) -> tuple[AccessRequest, Owner]:
        claims = self._links.read(token)
        request = await self._store.read(lambda tx: access.any_request(tx, claims.request))
        # A person who asks again has the same id; the link was for the earlier time.
        if request is None or request.requested_at != claims.requested_at or self._links.has_expired(claims):
            raise ExpiredLink
        owner = await owner_of(self._directory, request.agent)
        # The agent may have been given to someone else within the seven days.
        if owner is None or not claims.is_for(owner.email):
            raise InvalidLink
        # Last, so that only the owner learns how it was decided.
        if request.status != "pending":
            raise UsedLink(request)
        return request, owner
