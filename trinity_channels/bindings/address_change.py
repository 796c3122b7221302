"""The public address as administrators see and change it: webhook URLs follow, and providers that can be told are told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from trinity_channels.authorisation import administrator
from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.bindings.registry import Bindings
from trinity_channels.observability.failures import Failures, cause_of
from trinity_channels.observability.log import get_logger
from trinity_channels.per_loop import PerLoop
from trinity_channels.principal import Principal
from trinity_channels.public_url import leads_to_this_machine
from trinity_channels.refusal import Refusal
from trinity_channels.store import Store, audit

log = get_logger(__name__)

_CHANGED: audit.Action = "set_public_chat_url"
_FIRST_PAUSE = timedelta(seconds=10)
"""Until providers that could not be told of an address are told again; it doubles with each attempt."""
_LONGEST_PAUSE = timedelta(hours=1)


class UnusableAddress(Refusal):
    """No provider could reach this host at the address; says why."""

    def __init__(self, why: str) -> None:
        super().__init__("invalid_input", f"public_chat_url {why}.", field="value")
        self.why = why


@dataclass(frozen=True, slots=True)
class AddressSetting:
    """The address, None if there is none; `warning` says what does not work with it, None if nothing is known.

    `updated_at`: when it was last changed over the API or on a page; None if it never was, or was not asked.
    `given`: the application around this host sets it, and it cannot be changed here.
    """

    value: str | None
    warning: str | None
    updated_at: datetime | None = None
    given: bool = False


class AddressChange:
    """What an administrator does."""

    def __init__(
        self,
        address: PublicAddress,
        opened: Bindings,
        connections: Connections,
        store: Store,
        now: Callable[[], datetime],
    ) -> None:
        self._address = address
        self._opened = opened
        self._connections = connections
        self._store = store
        self._now = now
        self._failures = Failures(now)
        self._telling = PerLoop(asyncio.Lock)
        self._tried: str | None = None
        self._tried_at = now()
        self._pause = timedelta()

    def setting(self, principal: Principal) -> AddressSetting:
        """The address as it is.

        Raises:
            Refusal: the principal is not an administrator.
        """
        administrator(principal)
        return self._setting()

    async def dated(self, principal: Principal) -> AddressSetting:
        """The same with the time of its last change.

        Raises:
            Refusal: the principal is not an administrator.
        """
        administrator(principal)
        changes = await self._store.read(lambda tx: audit.entries(tx, None, action=_CHANGED, most=1))
        return replace(self._setting(), updated_at=changes[0].at if changes else None)

    async def to(self, principal: Principal, text: str) -> AddressSetting:
        """Store a new address, an empty one for none; providers that could not be told are named in the warning.

        Raises:
            Refusal: the principal is not an administrator.
            UnusableAddress: nothing is changed.
        """
        administrator(principal)
        if self._address.given:
            raise UnusableAddress("is set by the application around this host; change it there")
        now = self._now()
        try:
            await self._address.set(text, now)
        except ValueError as error:
            raise UnusableAddress(str(error)) from error
        return replace(self._setting(await self._tell(principal, now)), updated_at=now)

    async def follow(self) -> None:
        """Ask the application around the host for the address, if it has one, and tell the providers of a new one.

        What goes wrong is logged once. The former address stays until the application names a usable one, and providers
        are told until all of them know it.
        """
        try:
            changed = await self._address.follow()
        except Exception as error:  # the application's own code; the host goes on with what it knows
            if self._failures.is_news("ask", cause := cause_of(error)):
                log.warning("public address unknown", cause=cause, exc_info=not isinstance(error, ValueError))
            return
        self._failures.ended("ask")
        if changed:
            log.info("public address changed")
            # The open bindings hold contexts with the former address.
            self._opened.forget()
        # One after the other, so that no provider is told of the former address after the new one.
        async with self._telling.current:
            # Each process follows the application; one of them tells the providers.
            if self._address.untold and self._store.leads and self._due():
                await self._tell_all()

    def _due(self) -> bool:
        if self._tried != self._address.value:
            self._pause = timedelta()
        # abs: the clock may be set back, and then nothing would be told until it has caught up.
        return abs(self._now() - self._tried_at) >= self._pause

    async def _tell_all(self) -> None:
        """Tell all providers; what goes wrong is logged, and tried again later."""
        now, value = self._now(), self._address.value
        self._tried, self._tried_at = value, now
        self._pause = min(max(_FIRST_PAUSE, self._pause * 2), _LONGEST_PAUSE)
        try:
            await self._address.store(now)
            if not self._address.untold:
                self._pause = timedelta()
                return
            # A host that starts again may have opened them with another address.
            self._opened.forget()
            # Without an address the providers keep the former one: there is no way to tell most of them "none".
            problems = await self._connections.register_all() if value else []
            if not problems:
                await self._address.told(value)
        except Exception as error:  # noqa: BLE001  the host goes on, and so does what asks for the address
            problems = [cause_of(error)]
        if not problems:
            self._pause = timedelta()
            if self._failures.ended("tell"):
                log.info("providers told of the public address")
        elif self._failures.is_news("tell", "; ".join(sorted(problems))):
            log.warning("providers not told of the public address", count=len(problems), first=min(problems))

    async def _tell(self, principal: Principal, now: datetime) -> Sequence[str]:
        """Let everything follow the address; returns what went wrong at providers."""
        await self._store.write(lambda tx: audit.add(tx, now, principal.actor, _CHANGED))
        # Without an address the providers keep the former one: there is no way to tell most of them "none".
        return await self._connections.register_all() if self._address.value else ()

    def _setting(self, problems: Sequence[str] = ()) -> AddressSetting:
        value = self._address.value
        warning: str | None
        if value is None:
            warning = "public_chat_url is not set: there are no webhook URLs. Agents get only what this host fetches."
        # Allowed, for the simulators; what it means is said.
        elif leads_to_this_machine(value):
            warning = "This is an address of this machine: only a simulator here can reach it, and no provider outside."
        elif value.startswith("http://"):
            warning = "Providers deliver to https:// addresses; this one starts with http://."
        else:
            warning = f"Some providers could not be updated: {'; '.join(problems)}" if problems else None
        return AddressSetting(value, warning, given=self._address.given)
