"""Tokens of the API: make, list and revoke them, on record. A token is shown once; the database keeps its hash."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from trinity_channels.access.directory import Directory, agents_of, owner_of
from trinity_channels.authorisation import administrator
from trinity_channels.email_address import normalise_email
from trinity_channels.principal import Principal, Role
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, Tx, audit, settings, tokens
from trinity_channels.store.audit import Actor
from trinity_channels.store.tokens import StoredToken
from trinity_channels.visible import cleaned_name

LONGEST_LABEL = 100
LONGEST_ID = 254
FIRST_START = Actor("first start")
"""Who made the token that an administrator gets without asking for one."""
# Python's last year is 9999; a time zone's hours must still fit.
_LATEST = datetime(9998, 12, 31, tzinfo=UTC)
_SHAPE = re.compile(r"tc_[A-Za-z0-9_-]{43}")
_CLAIM = "first_token_claimed_at"
_CLAIMED = timedelta(seconds=10)
"""How long a process has to make it: it writes a file and a row."""

_SETTINGS = Actor("settings")


class TokenRefused(Refusal):
    """A token cannot be made like this.

    Attributes:
        problems: what is wrong, by the input that is; `field` is the first.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("invalid_input", " ".join(problems.values()), field=next(iter(problems)))
        self.problems = problems


class TokenNotFound(Refusal):
    """There is no token with this id."""

    def __init__(self) -> None:
        super().__init__("token_not_found", "There is no such token.")


@dataclass(frozen=True, slots=True)
class NewToken:
    """What a token is to be: for whom, and optionally what it is called and when it ends (aware).

    `subject` is a user's e-mail or id, or an agent's name, and empty for an administrator.
    """

    role: Role
    subject: str = ""
    label: str = ""
    expires_at: datetime | None = None


def fresh_token() -> str:
    """A new random token."""
    return f"tc_{secrets.token_urlsafe(32)}"


def has_our_shape(token: str) -> bool:
    """Whether `fresh_token` can have made it; what it cannot have made need not be looked up."""
    return _SHAPE.fullmatch(token) is not None


def token_digest(token: str) -> str:
    """What a token is stored as; tokens are random and long, so a plain hash hides them."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def label_problem(label: str) -> str:
    """Why a token cannot be called this; empty if it can."""
    long = len(cleaned_name(label)) > LONGEST_LABEL
    return f"A label has at most {LONGEST_LABEL} characters." if long else ""


def new_token(tx: Tx, role: Role, subject: str, now: datetime) -> str:
    """Make and store a token without a label and an end; it is shown this once."""
    token = fresh_token()
    tokens.add(tx, token_digest(token), role, subject, now)
    return token


class Tokens:
    """Makes, lists and revokes tokens, for administrators.

    Raises:
        Refusal: by each operation that takes a principal, if it is not an administrator.
    """

    def __init__(
        self, store: Store, now: Callable[[], datetime], directory: Directory | None = None, *, any_id: bool = False
    ) -> None:
        """`directory` knows agents and their owners; without it names are not checked.

        Users are then named by their e-mails, or with `any_id` by whatever identifies owners where the agents are.
        """
        self._store = store
        self._now = now
        self._directory = directory
        self._any_id = any_id

    async def create(self, principal: Principal, wanted: NewToken) -> tuple[StoredToken, str]:
        """Make a token.

        Returns:
            How it is listed, and the token itself, which is shown this once.

        Raises:
            TokenRefused: it is not known for whom, the label is too long, or it would have ended already.
        """
        administrator(principal)
        now = self._now()
        subject, problem = await self._subject(wanted)
        late = wanted.expires_at is not None and not now < wanted.expires_at <= _LATEST
        problems = {
            "subject": problem,
            "label": label_problem(wanted.label),
            "expires_at": "A token must expire in the future, before the year 9999." if late else "",
        }
        if wrong := {name: why for name, why in problems.items() if why}:
            raise TokenRefused(wrong)
        wanted = replace(wanted, subject=subject, label=cleaned_name(wanted.label))
        token = fresh_token()

        def unit(tx: Tx) -> StoredToken:
            return _add(tx, token, wanted, by=principal.actor, now=now)

        return await self._store.write(unit), token

    async def _subject(self, wanted: NewToken) -> tuple[str, str]:
        """For whom it is, and why it cannot be; one of both is empty, and for an administrator's token both are."""
        match wanted.role:
            case Role.ADMIN:
                return "", "An administrator's token has no subject; leave it out." if wanted.subject else ""
            case Role.USER:
                try:
                    return await self._user(wanted.subject), ""
                except ValueError as error:
                    return "", str(error)
            case Role.AGENT:
                # A misspelled name would give a token that opens nothing, and wait for an agent of that name.
                if self._directory is not None and await owner_of(self._directory, wanted.subject) is None:
                    return "", "There is no such agent."
                return wanted.subject, ""

    async def _user(self, subject: str) -> str:
        """What identifies a user: the id of an owner whose id or e-mail it is, or an e-mail that may own agents later.

        Raises:
            ValueError: it is neither.
        """
        subject = subject.strip()
        try:
            email = normalise_email(subject)
        except ValueError as error:
            if self._any_id and 0 < len(subject) <= LONGEST_ID and subject.isprintable():
                return subject
            email, why = "", f"{error}, or what identifies the owner of an agent"
        if self._directory is not None:
            owners = [await owner_of(self._directory, one) for one in await agents_of(self._directory, None)]
            found = {
                one.id for one in owners if one and one.id and (one.id == subject or (email and one.email == email))
            }
            if found:
                return subject if subject in found else min(found)
        if not email:
            raise ValueError(why)
        return email

    async def every(self, principal: Principal) -> list[StoredToken]:
        """Every token, oldest first, expired ones included."""
        administrator(principal)
        return await self._store.read(tokens.every)

    async def revoke(self, principal: Principal, token: int) -> StoredToken:
        """Revoke a token, which stops working at once; returns what it was.

        Raises:
            TokenNotFound: there is none with this id.
        """
        administrator(principal)
        now = self._now()

        def unit(tx: Tx) -> StoredToken:
            found = tokens.get(tx, token)
            if found is None:
                raise TokenNotFound
            _revoke(tx, found, by=principal.actor, now=now)
            return found

        return await self._store.write(unit)

    async def needs_first(self) -> bool:
        """Whether no token lets an administrator do anything, and this process is to make one."""
        now = self._now()
        every = await self._store.read(tokens.every)
        if any(one.role == Role.ADMIN and not one.expired(now) for one in every):
            return False
        return not self._store.shared or await self._store.write(lambda tx: _claim_first(tx, now))

    async def leave_first(self) -> None:
        """This process cannot make it: the next one may."""
        if self._store.shared:
            await self._store.write(lambda tx: settings.remove(tx, _CLAIM))

    async def add_first(self, token: str) -> None:
        """Store the token that an administrator gets at the first start."""
        now = self._now()
        wanted = NewToken(Role.ADMIN, label="made at the first start")
        await self._store.write(lambda tx: _add(tx, token, wanted, by=FIRST_START, now=now))

    async def replace_first(self) -> None:
        """Revoke the token of the first start: the settings name another one."""
        if not any(one.created_by == FIRST_START for one in await self._store.read(tokens.every)):
            return  # a start must not depend on a database that can be written to
        now = self._now()

        def unit(tx: Tx) -> None:
            for one in tokens.every(tx):
                if one.created_by == FIRST_START:
                    _revoke(tx, one, by=_SETTINGS, now=now)

        await self._store.write(unit)


def _claim_first(tx: Tx, now: datetime) -> bool:
    """Of several processes that start at once, one makes the first token; the time ends the claim of one that has died."""
    claimed = settings.get(tx, _CLAIM)
    if claimed is not None and abs(now - datetime.fromisoformat(claimed)) < _CLAIMED:
        return False
    settings.put(tx, _CLAIM, now.isoformat())
    return True


def _add(tx: Tx, token: str, wanted: NewToken, *, by: Actor, now: datetime) -> StoredToken:
    digest = token_digest(token)
    tokens.add(tx, digest, wanted.role, wanted.subject, now, by=by, label=wanted.label, expires_at=wanted.expires_at)
    stored = tokens.find(tx, digest)
    assert stored is not None  # noqa: S101  it was just added
    _record(tx, "create_token", stored, by=by, now=now)
    return stored


def _revoke(tx: Tx, token: StoredToken, *, by: Actor, now: datetime) -> None:
    tokens.revoke(tx, token.id)
    _record(tx, "revoke_token", token, by=by, now=now)


def _record(tx: Tx, action: audit.Action, token: StoredToken, *, by: Actor, now: datetime) -> None:
    agent = token.subject if token.role == Role.AGENT else ""
    audit.add(tx, now, by, action, agent=agent, details={"token": token.id, "role": token.role, "label": token.label})
