"""Notices channels that the provider says do not work: it refuses the credentials, or its webhook points elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from trinity_channels.alerts.finding import Finding, Findings
from trinity_channels.api import ChannelError, CheckState, ConfigurationError, Verification
from trinity_channels.bindings import Disconnected
from trinity_channels.bindings.connections import Connections
from trinity_channels.bindings.public_address import PublicAddress
from trinity_channels.bindings.refusals import NotConnected
from trinity_channels.crypto.vault import VaultError
from trinity_channels.observability.failures import Failures, cause_of
from trinity_channels.observability.log import get_logger
from trinity_channels.plugins import Plugins
from trinity_channels.store.bindings import StoredBinding

log = get_logger(__name__)

EVERY = timedelta(hours=1)
AGAIN = timedelta(minutes=10)
"""After a check that failed, or could not be made: only what fails twice in a row is an alert."""
AT_ONCE = 3
"""Bindings that one round checks, so that many bindings make no burst of calls."""
PATIENCE = 10.0
"""Seconds that one check may take."""
UNREACHABLE = timedelta(hours=6)
"""A provider that could not be asked for so long is an alert, too: it may be this host that reaches nothing."""
_UNKNOWN = object()


class ProviderChecks:
    """Asks the providers what `verify` asks for an owner: once an hour for each binding, and ten minutes after the start."""

    code = "provider_check"
    is_consequence = False

    def __init__(
        self, connections: Connections, plugins: Plugins, address: PublicAddress, now: Callable[[], datetime]
    ) -> None:
        self._connections = connections
        self._plugins = plugins
        self._address = address
        self._now = now
        self._due: dict[int, datetime] = {}
        self._failed: set[int] = set()
        self._silent_since: dict[int, datetime] = {}
        self._failures = Failures(now)

    async def look(self, connected: Sequence[StoredBinding], alerted: Mapping[int, datetime]) -> Findings:
        """What failed twice in a row, and what works, of the bindings whose turn it is."""
        now = self._now()
        # Without an address nothing can arrive by webhook, and health says so.
        reached = [one for one in connected if one.listens or self._address.value is not None]
        usable = [one for one in reached if one.channel in self._plugins]
        # a time further ahead was set before the clock was set back
        self._due = {one.id: min(self._due.get(one.id, now + AGAIN), now + EVERY) for one in usable}
        # A binding that was disconnected and connected again begins without a history.
        self._failed &= self._due.keys()
        # The longest overdue first, so that none is passed over in every round.
        due = sorted((one for one in usable if self._due[one.id] <= now), key=lambda one: self._due[one.id])[:AT_ONCE]
        results = await asyncio.gather(*(self._check(one) for one in due))
        found: dict[int, Finding | None] = {}
        for one, result in zip(due, results, strict=True):
            self._due[one.id] = now + (EVERY if result is None else AGAIN)
            if result is None or (isinstance(result, Finding) and (one.id in self._failed or one.id in alerted)):
                found[one.id] = result
            if isinstance(result, Finding):
                self._failed.add(one.id)
            elif result is None:
                self._failed.discard(one.id)
        return found

    async def _check(self, one: StoredBinding) -> Finding | object | None:
        """What is wrong, None if nothing is; `_UNKNOWN` if it cannot be told."""
        try:
            async with asyncio.timeout(PATIENCE):
                result = _judged(await self._connections.verify(one.agent, one.channel))
        except ConfigurationError as error:
            result = Finding(error.message, "Correct it in the agent's settings, or in the provider's console.")
        except (ChannelError, TimeoutError) as error:
            return self._unreachable(one.id, cause_of(error))
        except (VaultError, NotConnected, Disconnected):  # health tells of a lost key; or the binding is being changed
            return _UNKNOWN
        except Exception as error:
            if self._failures.is_news(one.id, cause := cause_of(error)):
                log.exception("channel not checked", agent=one.agent, channel=one.channel, cause=cause)
            return _UNKNOWN
        self._failures.ended(one.id)
        self._silent_since.pop(one.id, None)
        return result

    def _unreachable(self, binding: int, cause: str) -> Finding | object:
        now = self._now()
        if now - self._silent_since.setdefault(binding, now) < UNREACHABLE:
            return _UNKNOWN
        return Finding(
            f"The provider could not be asked for {UNREACHABLE // timedelta(hours=1)} hours. The last reason: {cause}",
            "Check the provider's status page, and that this host reaches the internet.",
        )


def _judged(verification: Verification) -> Finding | None:
    failed = [check for check in verification.checks if check.state is CheckState.FAILED]
    if not failed:
        return None
    return Finding(
        " ".join(one.message for one in failed), " ".join(dict.fromkeys(one.fix for one in failed if one.fix))
    )
