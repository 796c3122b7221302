"""How hooks fail: run one, and hold what came out against what the contract allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from trinity_channels.api import (
    ChannelError,
    Inbound,
    OutboundMessage,
    ProviderUnavailable,
    Request,
    SendError,
    SignatureError,
)
from trinity_channels_contract_tests.expectations import Seen, broken, expect, short, told
from trinity_channels_contract_tests.harness import Harness
from trinity_channels_contract_tests.transport import NetworkFault
from trinity_channels_contract_tests.variants import with_other_secrets

Call = Callable[[], Awaitable[object]]

NETWORK_FAULTS = (NetworkFault.UNREACHABLE, NetworkFault.CUT, NetworkFault.HTML_ERROR)
READING = ("configure", "verify", "find_sent", "list_missed", "resolve_quoted")
"""Hooks that cannot answer without asking the provider."""


async def failure_of(harness: Harness, call: Call) -> Exception | None:
    """What a hook raises, None if nothing."""
    try:
        await harness.wait(call())
    # The harness's own finding (such as a missing time-out) is not an exception of the hook.
    except Seen:
        raise
    except Exception as error:  # noqa: BLE001  every exception is a finding
        return error
    return None


async def send_failure(harness: Harness, message: OutboundMessage, how: str = "") -> SendError:
    """What `send` raises, which must be one of the three outcomes; `how` says what has happened to it."""
    error = await failure_of(harness, hooks(harness, message)["send"])
    return send_outcome(error, f"{how}, " if how else "")


def send_outcome(error: Exception | None, how: str) -> SendError:
    """Expect one of the three outcomes."""
    if error is None:
        broken(f"{how}send returned a receipt nevertheless")
    if not isinstance(error, SendError):
        broken(f"{how}send let out {told(error)}; only SendRejected, SendDeferred and SendUnknown may come out")
    return error


async def says_unavailable(
    harness: Harness, hook: str, *, only: bool, faults: tuple[NetworkFault, ...] = NETWORK_FAULTS
) -> None:
    """Expect `ProviderUnavailable` from a hook whose provider cannot be asked; `only`: it may not work either."""
    message = await harness.message("hello")
    for fault in faults:
        harness.transport.fault = fault
        error = await failure_of(harness, hooks(harness, message)[hook])
        harness.transport.fault = NetworkFault.NONE
        how = f"with the provider {fault.name.lower()}, {hook}"
        if error is None:
            expect(not only, f"{how} worked nevertheless: it did not ask")
        else:
            expect(isinstance(error, ProviderUnavailable), f"{how} raised {told(error)}, not ProviderUnavailable")


async def holds(harness: Harness, *promises: Callable[[Harness], Awaitable[None]]) -> bool:
    """Whether promises are kept that have checks of their own; each is tried with a provider of its own."""
    for promise in promises:
        async with harness.another() as other:
            try:
                await promise(other)
            except Seen:
                return False
    return True


def hooks(harness: Harness, message: OutboundMessage) -> dict[str, Call]:
    """Every asynchronous hook of the plugin, ready to be called."""
    hook, binding, ctx = harness.plugin.hook, harness.binding, harness.ctx
    calls: dict[str, Call] = {
        "configure": lambda: hook("configure")(settings=binding.settings, ctx=ctx),
        "verify": lambda: hook("verify")(binding=binding, ctx=ctx),
        "send": lambda: hook("send")(binding=binding, message=message, ctx=ctx),
        "resolve_identity": lambda: hook("resolve_identity")(
            binding=binding, sender=harness.heard_from.sender, ctx=ctx, conversation=harness.heard_from.conversation
        ),
        "indicate": lambda: hook("indicate")(
            binding=binding,
            message_id=harness.heard_from.provider_id,
            ctx=ctx,
            conversation=harness.heard_from.conversation,
            address=harness.heard_from.conversation or harness.heard_from.sender.address,
            done=False,
        ),
        "find_sent": lambda: hook("find_sent")(
            binding=binding, message=message, attempted_at=harness.now(), known=(), ctx=ctx
        ),
        "list_missed": lambda: hook("list_missed")(binding=binding, since=harness.now(), ctx=ctx),
        "resolve_quoted": lambda: hook("resolve_quoted")(
            binding=binding,
            message_id=harness.heard_from.provider_id,
            ctx=ctx,
            conversation=harness.heard_from.conversation,
        ),
        "register_webhook": lambda: hook("register_webhook")(binding=binding, ctx=ctx),
        "unregister_webhook": lambda: hook("unregister_webhook")(binding=binding, ctx=ctx),
    }
    required = ("configure", "verify", "send", "resolve_identity")
    return {name: call for name, call in calls.items() if name in required or harness.plugin.offers(name)}


def revoked(harness: Harness) -> None:
    """Let the owner's credentials be wrong from now on."""
    harness.binding = replace(
        harness.binding, settings=with_other_secrets(harness.manifest, harness.simulator.settings())
    )


def refused(harness: Harness, request: Request, how: str, same: Inbound | None = None) -> None:
    """Expect `SignatureError` for a request; `same` is a result that shows that nothing has really been changed."""
    try:
        found = harness.read(request)
    except SignatureError:
        return
    except ChannelError as error:
        broken(f"{how}: {told(error)}, but a request that is not authentic is a SignatureError")
    except Exception as error:  # noqa: BLE001  whatever comes out is the finding
        broken(f"{how}: receive let out {told(error)}")
    if same is None or found != same:
        broken(f"{how}: it was accepted and gave {short(found)}")
