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
from trinity_channels_contract_tests.stage import Stage
from trinity_channels_contract_tests.variants import with_other_secrets
from trinity_channels_contract_tests.verdict import Seen, broken, expect, short, told
from trinity_channels_contract_tests.wire import Weather

Call = Callable[[], Awaitable[object]]

BAD_WEATHER = (Weather.UNREACHABLE, Weather.CUT, Weather.HTML_ERROR)
READING = ("configure", "verify", "find_sent", "list_missed", "resolve_quoted")
"""Hooks that cannot answer without asking the provider."""


async def failure_of(stage: Stage, call: Call) -> Exception | None:
    """What a hook raises, None if nothing."""
    try:
        await stage.wait(call())
    except Seen:
        raise
    except Exception as error:  # noqa: BLE001  every exception is a finding
        return error
    return None


async def send_failure(stage: Stage, message: OutboundMessage) -> SendError:
    """What `send` raises, which must be one of the three outcomes."""
    error = await failure_of(stage, hooks(stage, message)["send"])
    if error is None:
        broken("send returned a receipt all the same")
    if not isinstance(error, SendError):
        broken(f"send let out {told(error)}; only SendRejected, SendDeferred and SendUnknown may come out")
    return error


async def says_unavailable(stage: Stage, hook: str, *, only: bool, weathers: tuple[Weather, ...] = BAD_WEATHER) -> None:
    """Expect `ProviderUnavailable` from a hook whose provider cannot be asked; `only`: it may not work either."""
    message = await stage.message("hello")
    for weather in weathers:
        stage.wire.weather = weather
        error = await failure_of(stage, hooks(stage, message)[hook])
        stage.wire.weather = Weather.FAIR
        how = f"with the provider {weather.name.lower()}, {hook}"
        if error is None:
            expect(not only, f"{how} worked all the same: it did not ask")
        else:
            expect(isinstance(error, ProviderUnavailable), f"{how} raised {told(error)}, not ProviderUnavailable")


def hooks(stage: Stage, message: OutboundMessage) -> dict[str, Call]:
    """Every asynchronous hook of the plugin, ready to be called."""
    hook, binding, ctx = stage.subject.hook, stage.binding, stage.ctx
    calls: dict[str, Call] = {
        "configure": lambda: hook("configure")(settings=binding.settings, ctx=ctx),
        "verify": lambda: hook("verify")(binding=binding, ctx=ctx),
        "send": lambda: hook("send")(binding=binding, message=message, ctx=ctx),
        "resolve_identity": lambda: hook("resolve_identity")(binding=binding, sender=stage.heard_from.sender, ctx=ctx),
        "indicate": lambda: hook("indicate")(binding=binding, message_id=stage.heard_from.provider_id, ctx=ctx),
        "find_sent": lambda: hook("find_sent")(
            binding=binding, message=message, attempted_at=stage.now(), known=(), ctx=ctx
        ),
        "list_missed": lambda: hook("list_missed")(binding=binding, since=stage.now(), ctx=ctx),
        "resolve_quoted": lambda: hook("resolve_quoted")(
            binding=binding, message_id=stage.heard_from.provider_id, ctx=ctx
        ),
        "register_webhook": lambda: hook("register_webhook")(binding=binding, ctx=ctx),
    }
    required = ("configure", "verify", "send", "resolve_identity")
    return {name: call for name, call in calls.items() if name in required or stage.subject.offers(name)}


def revoked(stage: Stage) -> None:
    """Let the owner's credentials be wrong from now on."""
    stage.binding = replace(stage.binding, settings=with_other_secrets(stage.manifest, stage.simulator.settings()))


def refused(stage: Stage, request: Request, how: str, same: Inbound | None = None) -> None:
    """Expect `SignatureError` for a request; `same` is a result that shows that nothing has really been changed."""
    try:
        found = stage.read(request)
    except SignatureError:
        return
    except ChannelError as error:
        broken(f"{how}: {told(error)}, but a request that is not authentic is a SignatureError")
    except Exception as error:  # noqa: BLE001  whatever comes out is the finding
        broken(f"{how}: receive let out {told(error)}")
    if same is None or found != same:
        broken(f"{how}: it was accepted and gave {short(found)}")
