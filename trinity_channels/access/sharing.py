"""Decide who may use an agent: its policies, access requests and shares. One service for the API, mailed links and commands.

What was held is answered where a decision has opened the gate: the conversations are marked in the transaction of the
decision, so that a host in another process finds them as well.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from trinity_channels.access import directory as directories
from trinity_channels.access.directory import Directory, SharePage, owner_email, share_of, share_page
from trinity_channels.access.gate import GroupPolicy, Policy, policies
from trinity_channels.authorisation import Authorisation
from trinity_channels.principal import Principal
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, access, audit, messages
from trinity_channels.store.access import AccessRequest, Share
from trinity_channels.store.news import Subject

Policies = tuple[Policy, GroupPolicy]


class RequestNotFound(Refusal):
    """The agent has no access request with this id."""

    def __init__(self) -> None:
        super().__init__("request_not_found", "There is no such access request.")


class AlreadyDecided(Refusal):
    """The access request was decided the other way; `request` says how, when and by whom."""

    def __init__(self, request: AccessRequest) -> None:
        message = f"This request is {request.outcome} already. Share or unshare the agent instead."
        super().__init__("already_decided", message)
        self.request = request


class SelfShare(Refusal):
    """The e-mail is the owner's."""

    def __init__(self) -> None:
        super().__init__("self_share", "The owner has access already.", field="email")


class AlreadyShared(Refusal):
    """The agent is shared with this e-mail."""

    def __init__(self) -> None:
        super().__init__("already_shared", "The agent is shared with this e-mail already.", field="email")


class NotShared(Refusal):
    """The agent is not shared with this e-mail."""

    def __init__(self) -> None:
        super().__init__("not_shared", "The agent is not shared with this e-mail.", field="email")


class Sharing:
    """What the owner or an administrator decides about who may use an agent.

    Raises:
        Refusal: by each operation, if the principal is neither.
    """

    def __init__(self, store: Store, directory: Directory, may: Authorisation, now: Callable[[], datetime]) -> None:
        self._store = store
        self._directory = directory
        self._may = may
        self._now = now

    # --- policies ---

    async def policies(self, principal: Principal, agent: str) -> Policies:
        """The policies for direct chats and for groups."""
        await self._may.owner(principal, agent)
        return await self._store.lookup(lambda tx: policies(access.policies(tx, agent)))

    async def policies_changed(self, principal: Principal, agent: str) -> tuple[str, datetime] | None:
        """Who set the policies last, as the audit log names them, and when; None if they are as they were at first."""
        await self._may.owner(principal, agent)
        return await self._store.lookup(lambda tx: audit.newest(tx, agent, "set_policy"))

    async def set_policies(self, principal: Principal, agent: str, change: Callable[[Policies], Policies]) -> Policies:
        """Change the policies; `change` is given the present ones and may raise to refuse.

        Returns:
            Those that hold now.
        """
        await self._may.owner(principal, agent)

        def store(tx: Tx) -> Policies:
            policy, groups = change(policies(access.policies(tx, agent)))
            access.set_policies(tx, agent, policy, groups)
            self._audit(tx, principal, "set_policy", agent, policy=policy, groups=groups)
            look_again(tx, agent)
            return policy, groups

        return await self._store.write(store)

    # --- requests ---

    async def requests(self, principal: Principal, agent: str, status: str = "") -> list[AccessRequest]:
        """The agent's access requests, newest first, at most 500; an empty status means all."""
        await self._may.owner(principal, agent)
        return await self._store.read(lambda tx: access.requests(tx, agent, status or None))

    async def decide(
        self,
        principal: Principal,
        agent: str,
        request: int,
        *,
        approve: bool,
        asked_at: datetime | None = None,
        conversation: int | None = None,
        via: str = "",
    ) -> AccessRequest:
        """Approve or decline a request; they are told on the channel they asked on. The first decision holds.

        Args:
            principal: who decides.
            agent: its name.
            request: the id of the request.
            approve: whether they may use the agent.
            asked_at: decide only the request that was made then; None for any that is open. A person who asks again has
                the same id.
            conversation: which it must have been made in; None if that does not matter.
            via: by what way, for the audit log, where it is not the API.

        Returns:
            The request as it stands now.

        Raises:
            RequestNotFound: the agent has no such request.
            AlreadyDecided: it was decided the other way before.
        """
        await self._may.owner(principal, agent)
        found = await self._store.read(lambda tx: access.request(tx, agent, request))
        if (
            found is None
            or asked_at not in (None, found.requested_at)
            or conversation not in (None, found.conversation)
        ):
            raise RequestNotFound
        decision = "approved" if approve else "denied"
        if found.status != "pending":
            return _settled(found, decision)
        # Before the decision is stored, because the directory may be another system: a process that dies in between
        # leaves an open request with a share, which can be approved again; the reverse would be an approval without access.
        granted = approve and await directories.grant(self._directory, agent, found.email, principal)
        first = await self._store.write(lambda tx: self._decide(tx, principal, found, decision, via))
        decided = await self._store.read(lambda tx: access.request(tx, agent, request)) or found
        overruled = not first and decided.status == "denied"  # another decision came first, and was the opposite
        if granted and overruled:
            await directories.revoke(self._directory, agent, found.email, principal)
        return _settled(decided, decision)

    def _decide(self, tx: Tx, principal: Principal, request: AccessRequest, decision: str, via: str) -> bool:
        """Store a decision, on record; False if another one came first."""
        # The UPDATE names the state `pending`, so of two decisions at the same time one comes first.
        if not access.decide(tx, request.id, decision, principal.actor, self._now()):
            return False
        action: audit.Action = "request_approved" if decision == "approved" else "request_denied"
        way = {"via": via} if via else {}
        tx.tell(Subject.SHARES)
        self._audit(tx, principal, action, request.agent, request=request.id, **way)
        look_again(tx, request.agent, request.conversation)
        return True

    # --- shares ---

    async def shares(self, principal: Principal, agent: str) -> list[Share]:
        """Everyone the agent is shared with, by e-mail."""
        await self._may.owner(principal, agent)
        return await self._directory.shares(agent)

    async def share_page(self, principal: Principal, agent: str, *, after: str = "", most: int = 50) -> SharePage:
        """At most `most` of them, behind the e-mail `after`."""
        await self._may.owner(principal, agent)
        return await share_page(self._directory, agent, after, most)

    async def share(self, principal: Principal, agent: str, email: str) -> Share:
        """Share the agent with an e-mail; a pending request of theirs is thereby approved.

        Raises:
            SelfShare: the e-mail is the owner's.
            AlreadyShared: nothing to do.
            NotShared: the share was removed concurrently.
        """
        await self._may.owner(principal, agent)
        if email == await owner_email(self._directory, agent):
            raise SelfShare
        # Before our own transaction: the directory may be another system, and its answer decides.
        if not await directories.grant(self._directory, agent, email, principal):
            raise AlreadyShared
        now = self._now()
        await self._store.write(lambda tx: shared(tx, principal, agent, email, now))
        found = await share_of(self._directory, agent, email)
        if found is None:  # it was removed concurrently
            raise NotShared
        return found

    async def unshare(self, principal: Principal, agent: str, email: str) -> None:
        """Take a share away.

        Raises:
            NotShared: there is none.
        """
        await self._may.owner(principal, agent)
        if not await directories.revoke(self._directory, agent, email, principal):
            raise NotShared
        await self._changed(principal, "unshare", agent, email=email)

    async def consent(self, principal: Principal, agent: str, email: str, *, allow: bool) -> None:
        """Allow or forbid proactive messages to someone the agent is shared with.

        Raises:
            NotShared: it is not.
        """
        await self._may.owner(principal, agent)
        if not await directories.consent(self._directory, agent, email, principal, allow=allow):
            raise NotShared
        await self._changed(principal, "proactive_consent", agent, email=email, allow=allow)

    async def _changed(self, by: Principal, action: audit.Action, agent: str, **details: object) -> None:
        """Put a change of a share on record; it was made before, for the directory may be another system."""

        def unit(tx: Tx) -> None:
            self._audit(tx, by, action, agent, **details)
            tx.tell(Subject.SHARES)

        await self._store.write(unit)

    def _audit(self, tx: Tx, by: Principal, action: audit.Action, agent: str, **details: object) -> None:
        audit.add(tx, self._now(), by.actor, action, agent=agent, details=details)


def shared(tx: Tx, principal: Principal, agent: str, email: str, now: datetime) -> None:
    """What follows a new share: a pending request of theirs is approved, and what was held is looked at."""
    look_again(tx, agent, *approved_by_share(tx, principal, agent, email, now))


def approved_by_share(tx: Tx, principal: Principal, agent: str, email: str, now: datetime) -> list[int]:
    """Put a new share on record and approve a pending request of theirs; the conversations that have to be told of it."""
    audit.add(tx, now, principal.actor, "share", agent=agent, details={"email": email})
    tx.tell(Subject.SHARES)
    pending = access.request_of(tx, agent, email)
    # The person has asked for just this; without an answer the request would stay open.
    approved = pending and access.decide(tx, pending.id, "approved", principal.actor, now)
    return [pending.conversation] if pending and approved else []


def look_again(tx: Tx, agent: str, *told: int) -> None:
    """Let the turns look at what is held, for access may have been granted, and at the conversations that are to be told."""
    # All of the agent's: with a policy the gate may open for any of them, and the step itself finds out.
    for conversation in sorted({*access.conversations_with_held(tx, agent), *told}):
        messages.request_turn(tx, conversation)
        tx.wake(f"turn:{conversation}")


def _settled(one: AccessRequest, decision: str) -> AccessRequest:
    """The request, if it stands as it was to be decided."""
    if one.status not in {decision, "pending"}:
        raise AlreadyDecided(one)
    return one
