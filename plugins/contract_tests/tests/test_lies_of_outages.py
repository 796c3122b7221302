"""Lies that `listen` can tell once the connection has worked; each class is one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from trinity_channels.api import (
    Binding,
    ConfigurationError,
    Context,
    Deliver,
    Inbound,
    ProviderUnavailable,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo


class _Later(Echo):
    """Echo that meets what later calls raise in a way of its own; the first answer counts."""

    async def meets(self, error: ConfigurationError | ProviderUnavailable, binding: Binding) -> bool:
        """Whether to go on."""
        raise NotImplementedError

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        worked = False

        async def delivered(inbound: Inbound) -> None:
            nonlocal worked
            worked = True
            await deliver(inbound)

        while True:
            try:
                await super().listen(binding, ctx, delivered)
            except (ConfigurationError, ProviderUnavailable) as error:
                if not worked:
                    raise
                if not await self.meets(error, binding):
                    return


class KeepsPausesToItself(Echo):
    breaks = "test_a_pause_is_kept_while_listening"

    @hookimpl
    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        try:
            await super().listen(binding, ctx, deliver)
        except ProviderUnavailable as error:
            raise ProviderUnavailable(error.message) from None


class AsksUntilItUnderstands(Echo):
    breaks = "test_unusable_answers_later_are_told"

    async def rows(self, binding: Binding, ctx: Context, path: str) -> list[dict[str, Any]]:
        if path == "/unread" and not (await self.ask(binding.settings, ctx, "GET", path)).get("messages"):
            await asyncio.sleep(1)
            return []
        return await super().rows(binding, ctx, path)


class KeepsOutagesQuiet(_Later):
    breaks = "test_a_later_outage_is_told"

    async def meets(self, error: ConfigurationError | ProviderUnavailable, binding: Binding) -> bool:
        if not isinstance(error.__context__, httpx.HTTPError):
            raise error
        await asyncio.sleep(5)
        return True


class ReturnsInAnOutage(_Later):
    breaks = "test_a_later_outage_is_told"

    async def meets(self, error: ConfigurationError | ProviderUnavailable, binding: Binding) -> bool:
        if not isinstance(error.__context__, httpx.HTTPError):
            raise error
        return False


class KeepsRevocationQuiet(_Later):
    breaks = "test_credentials_revoked_later_are_told"

    async def meets(self, error: ConfigurationError | ProviderUnavailable, binding: Binding) -> bool:
        if isinstance(error, ProviderUnavailable):
            raise error
        await asyncio.sleep(5)
        return True


class CallsRevocationAnOutage(_Later):
    breaks = "test_credentials_revoked_later_are_told"

    async def meets(self, error: ConfigurationError | ProviderUnavailable, binding: Binding) -> bool:
        raise ProviderUnavailable(error.message, retry_after=getattr(error, "retry_after", None))


class ShowsTheTokenLater(_Later):
    breaks = "test_errors_of_listening_hold_nothing_confidential"

    async def meets(self, error: ConfigurationError | ProviderUnavailable, binding: Binding) -> bool:
        if isinstance(error, ProviderUnavailable):
            words = f"No answer to {binding.settings.token.get_secret_value()}."  # type: ignore[attr-defined]
            raise ProviderUnavailable(words, retry_after=error.retry_after)
        raise error


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
