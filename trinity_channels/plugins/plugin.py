"""One channel plugin, called: the contract's hooks, with broken promises turned into the contract's errors."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from typing import Any, TypeVar, cast

from pydantic import BaseModel

from trinity_channels import later_contract
from trinity_channels.api import (
    Account,
    Binding,
    Channel,
    ChannelError,
    Context,
    Deliver,
    Identity,
    Inbound,
    MessageReceived,
    OutboundMessage,
    ProviderUnavailable,
    Quoted,
    Receipt,
    Request,
    Sender,
    SendUnknown,
    SignatureError,
    Simulator,
    Verification,
)
from trinity_channels.plugins.redaction import redact_error, redacted, redacted_events

T = TypeVar("T")
REQUIRED = ("channel", "configure", "verify", "send", "resolve_identity")
INCOMING = ("receive", "listen")
"""At least one of them is required; `listen` is optional besides, with its capability."""
OPTIONAL = (
    "indicate",
    "find_sent",
    "list_missed",
    "listen",
    "register_webhook",
    "unregister_webhook",
    "resolve_quoted",
    "simulator",
)
"""Each is also the name of its capability."""
PATIENCE = 120.0
"""Seconds that a hook on the way of a message may take; its requests have time-outs of their own, so then it hangs."""


class Plugin:
    """One loaded plugin; its methods are the contract's hooks, with broken promises turned into the contract's errors."""

    def __init__(
        self,
        manifest: Channel,
        version: str,
        call: Callable[[str], Callable[..., Any]],
        names: set[str],
        warnings: tuple[str, ...] = (),
    ) -> None:
        self.manifest = manifest
        self.version = version
        self.warnings = warnings
        self._hooks = {name: call(name) for name in names}

    @property
    def capabilities(self) -> list[str]:
        """The declared optional hooks, in the contract's order."""
        return [name for name in OPTIONAL if name in self._hooks]

    def receive(self, binding: Binding, request: Request) -> Inbound:
        try:
            found = _promised(self._hooks["receive"](binding=binding, request=request), Inbound, "receive")
            return redacted_events(found, binding)
        except ChannelError as error:
            redact_error(error, binding)
            raise
        except Exception as error:  # fail closed: whatever breaks a plugin's check has not been authenticated
            raise SignatureError(f"The plugin failed on this request ({type(error).__name__}).") from error

    @property
    def receives(self) -> bool:
        """Whether messages can come by webhook."""
        return "receive" in self._hooks

    @property
    def listens(self) -> bool:
        """Whether messages can be fetched by `listen`."""
        return "listen" in self._hooks

    async def listen(self, binding: Binding, ctx: Context, deliver: Deliver) -> None:
        async def redacting(inbound: Inbound) -> None:
            # What is no Inbound, the host says itself.
            await deliver(redacted_events(inbound, binding) if isinstance(inbound, Inbound) else inbound)

        await self._call("listen", binding=binding, ctx=ctx, deliver=redacting)

    async def configure(self, settings: BaseModel, ctx: Context, *, listens: bool) -> Account:
        return await self._ask("configure", Account, settings=settings, ctx=ctx, listens=listens)

    async def verify(self, binding: Binding, ctx: Context) -> Verification:
        return redacted(await self._ask("verify", Verification, binding=binding, ctx=ctx), binding)

    async def send(self, binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ask("send", Receipt, binding=binding, message=message, ctx=ctx)
        except ChannelError:
            raise
        except Exception as error:  # the outcome is unknown
            raise SendUnknown(f"The plugin failed while sending ({type(error).__name__}).") from error

    async def resolve_identity(
        self, binding: Binding, sender: Sender, ctx: Context, conversation: str | None = None
    ) -> Identity:
        asked = {"binding": binding, "sender": sender, "ctx": ctx, "conversation": conversation}
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._ask("resolve_identity", Identity, **asked)
        except ProviderUnavailable:
            raise
        except Exception as error:  # the person's turn is to be tried again, not to be lost
            raise ProviderUnavailable(f"The plugin failed to identify the sender ({type(error).__name__}).") from error

    async def indicate(
        self, binding: Binding, message_id: str, ctx: Context, conversation: str | None, address: str, done: bool
    ) -> None:
        # Errors are the caller's: an indication is best effort.
        await self._call(
            "indicate",
            binding=binding,
            message_id=message_id,
            ctx=ctx,
            conversation=conversation,
            address=address,
            done=done,
        )

    async def find_sent(
        self, binding: Binding, message: OutboundMessage, attempted_at: datetime, known: Collection[str], ctx: Context
    ) -> Receipt | None:
        # Not `_ask`: None is a value here.
        asked = {"binding": binding, "message": message, "attempted_at": attempted_at, "known": known, "ctx": ctx}
        async with asyncio.timeout(PATIENCE):
            return cast("Receipt | None", await self._call("find_sent", **asked))

    async def list_missed(self, binding: Binding, since: datetime, ctx: Context) -> list[MessageReceived]:
        return await self._ask("list_missed", list, binding=binding, since=since, ctx=ctx)

    async def register_webhook(self, binding: Binding, ctx: Context) -> None:
        await self._call("register_webhook", binding=binding, ctx=ctx)

    async def unregister_webhook(self, binding: Binding, ctx: Context) -> None:
        await self._call("unregister_webhook", binding=binding, ctx=ctx)

    async def resolve_quoted(self, binding: Binding, message_id: str, ctx: Context, conversation: str | None) -> Quoted:
        asked = {"binding": binding, "message_id": message_id, "ctx": ctx, "conversation": conversation}
        async with asyncio.timeout(PATIENCE):
            return await self._ask("resolve_quoted", Quoted, **asked)

    def simulator(self, ctx: Context) -> Simulator:
        return cast("Simulator", self._hooks["simulator"](ctx=ctx))

    async def _ask(self, hook: str, kind: type[T], **arguments: object) -> T:
        return _promised(await self._call(hook, **arguments), kind, hook)

    async def _call(self, hook: str, **arguments: object) -> object:
        try:
            return await cast("Awaitable[object]", self._hooks[hook](**arguments))
        except ChannelError as error:
            # `configure` has no binding yet.
            redact_error(error, cast("Binding | BaseModel | None", arguments.get("binding", arguments.get("settings"))))
            raise


def _promised(value: object, kind: type[T], hook: str) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"{hook} must return {kind.__name__}, not {type(value).__name__}")
    return value


def direct(hook: Any) -> Callable[..., Any]:
    """A plugin's own function, called with the arguments that it takes: pluggy's call costs as much as a small hook.

    Pluggy would also leave out arguments with a default, which let a plugin run on hosts that do not pass them.
    """
    (implementation,) = hook.get_hookimpls()
    if implementation.wrapper or implementation.hookwrapper:
        return hook  # type: ignore[no-any-return]
    function: Callable[..., Any] = implementation.function
    taken = later_contract.taken(function, hook.spec.argnames)
    if taken is None:
        return function
    return lambda **passed: function(**{name: value for name, value in passed.items() if name in taken})
