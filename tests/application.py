"""An application with accounts, agents and shares of its own, and a world whose host is mounted into it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from freezegun.api import FrozenDateTimeFactory
from starlette.requests import HTTPConnection

from tests.world import ADMIN, START, World
from trinity_channels.app import Ports, mount_channels
from trinity_channels.host import Host
from trinity_channels.principal import Owner, Principal, Role
from trinity_channels.store.access import Share
from trinity_channels.web.auth import bearer_token


class Users:
    """Knows accounts by their ids, which are their tokens as well; ADMIN is the account `root`."""

    async def principal(self, request: HTTPConnection) -> Principal | None:
        token = bearer_token(request)
        if token is None:
            return None
        return Principal(Role.ADMIN, "root") if token == ADMIN else Principal(Role.USER, token)


@dataclass
class Accounts:
    """The application's directory, which records on whose behalf it was changed.

    Attributes:
        owners: by agent.
        shared: by agent and e-mail.
        acts: what was done, to which e-mail, and who did it.
        barred: the e-mails of suspended accounts.
    """

    owners: dict[str, Owner]
    shared: dict[tuple[str, str], Share] = field(default_factory=dict)
    acts: list[tuple[str, str, Principal]] = field(default_factory=list)
    barred: set[str] = field(default_factory=set)

    async def agents(self, owner: str | None) -> list[str]:
        return sorted(name for name, one in self.owners.items() if owner in (None, one.id))

    async def owner(self, agent: str) -> Owner | None:
        return self.owners.get(agent)

    async def may_use(self, agent: str, email: str) -> bool:
        return (self.owners[agent].email or "").lower() == email or (agent, email) in self.shared

    async def suspended(self, email: str) -> bool:
        return email in self.barred

    async def shares(self, agent: str) -> list[Share]:
        return [one for (name, _), one in sorted(self.shared.items()) if name == agent]

    async def grant(self, agent: str, email: str, *, by: str, principal: Principal) -> bool:
        new = (agent, email) not in self.shared
        self.shared.setdefault((agent, email), Share(email, allow_proactive=False, created_by=by, created_at=START))
        self.acts.append(("grant", email, principal))
        return new

    async def revoke(self, agent: str, email: str, *, principal: Principal) -> bool:
        self.acts.append(("revoke", email, principal))
        return self.shared.pop((agent, email), None) is not None

    async def consent(self, agent: str, email: str, *, allow: bool, principal: Principal) -> bool:
        self.acts.append(("consent", email, principal))
        found = self.shared.get((agent, email))
        if found:
            self.shared[agent, email] = Share(email, allow, found.created_by, found.created_at)
        return found is not None


class Town(World):
    """A world whose host is mounted into an application, with its directory and other `ports`."""

    def __init__(self, folder: Path, clock: FrozenDateTimeFactory, directory: Any, **options: Any) -> None:
        self.given: dict[str, Any] = {"directory": directory, "authenticator": Users()} | options.pop("ports", {})
        super().__init__(folder, clock, trinity_channels_pages_path=None, **options)
        self.agent: Any = options.get("agents")

    def alone(self) -> tuple[FastAPI, Host]:
        app = FastAPI()
        return app, mount_channels(app, self.ports(), self.settings)

    def ports(self) -> Ports:
        return Ports(
            agents=self._agents,
            mailer=self._mailer,
            http=self.http,
            plugins=self.plugins(),
            now=None,
            **self.given,
        )
