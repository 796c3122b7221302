"""Manners of all hooks: no secrets in errors and logs, no blocking, no connections of their own."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import httpx

from trinity_channels.api import ChannelError, Fault
from trinity_channels.plugins.redaction import redact_error
from trinity_channels_contract_tests.audit import CONNECTIONS, watching
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import expect, short
from trinity_channels_contract_tests.harness import Harness, client_state
from trinity_channels_contract_tests.listening import listening
from trinity_channels_contract_tests.loop import longest_block
from trinity_channels_contract_tests.meddling import meddling
from trinity_channels_contract_tests.outcomes import failure_of, hooks, revoked
from trinity_channels_contract_tests.transport import Carry, NetworkFault
from trinity_channels_contract_tests.variants import secrets_of

# Seconds. Far above what a busy machine delays a callback, below any call over a network.
BLOCKED = 0.05
TRIES = 3
BODY = "the body of a confidential message"
ALL = "every hook"


class Behaving(Checks):
    """What holds for every hook."""

    area = "manners"

    @story(ALL, "Write messages for people: no tokens, texts or addresses; `raise … from None` if the cause has them.")
    async def test_errors_hold_nothing_confidential(self, harness: Harness) -> None:
        """No exception of any hook, nor its causes, shows a secret, a message's text or a person's address.

        A provider's own words may be passed on: where they repeat a secret, the host takes it out.
        """
        async for how, errors in _everything(harness):
            for error in errors:
                # As a log would show it: the causes and the attributes count too.
                text = "".join(traceback.format_exception(error)) + repr(vars(error))
                for name, needle in _needles(harness).items():
                    expect(needle not in text, f"{how}, {type(error).__name__} shows {name}")
        with meddling(harness, _repeats):
            for hook, call in hooks(harness, await harness.message(BODY)).items():
                refused = await failure_of(harness, call)
                if isinstance(refused, ChannelError):
                    redact_error(refused, harness.binding)
                # As the host shows it, which takes secrets out of the provider's words.
                text = f"{refused} {getattr(refused, 'failure', '')}"
                for name, secret in secrets_of(harness.settings).items():
                    expect(secret not in text, f"{hook}, refused in words that repeat the call, shows {name}")

    @story(ALL, "Log ids of the provider and kinds of outcome, or nothing: the host logs every call already.")
    async def test_logs_hold_nothing_confidential(self, harness: Harness) -> None:
        """Nothing that any hook logs or prints shows a secret, a message's text or a person's address."""
        with listening() as lines:
            await _reads(harness, lines)
            async for _, _ in _everything(harness):
                pass
        for line in lines:
            for name, needle in _needles(harness).items():
                expect(needle not in line, f"a line with {name} was written: {short(line.replace(needle, '…'))}")

    @story(ALL, "Values travel through logs: keep secrets out of them, and texts in fields with repr=False.")
    async def test_values_hold_nothing_confidential(self, harness: Harness) -> None:
        """No value that a hook returns shows a secret in its `repr`."""
        heard = await harness.brought(harness.phone.says(BODY))
        values = [harness.inbound(heard), await harness.send(BODY)]
        for hook, call in hooks(harness, await harness.message(BODY)).items():
            # These three have returned their values above or while connecting.
            if hook not in {"send", "configure", "verify"}:
                values.append(await harness.wait(call()))
        for value in values:
            for name, secret in secrets_of(harness.settings).items():
                expect(secret not in repr(value), f"{type(value).__name__} shows {name}")

    @story(ALL, "Await: no time.sleep, no synchronous client, no file; long computing goes through asyncio.to_thread.")
    async def test_no_hook_blocks_the_loop(self, harness: Harness) -> None:
        """No asynchronous hook holds up the event loop, in which every other conversation waits."""
        for hook in hooks(harness, await harness.message("hello")):
            blocked = await _blocked(harness, hook)
            for _ in range(TRIES):
                # A busy machine delays calls occasionally, a blocking call always does.
                if blocked >= BLOCKED:
                    blocked = min(blocked, await _blocked(harness, hook))
            expect(blocked < BLOCKED, f"{hook} held up the event loop for {blocked:.2f} s")

    @story(ALL, "Call the provider with `ctx.http`, below `ctx.api_base_url` if that is set.")
    async def test_every_call_goes_through_the_host(self, harness: Harness) -> None:
        """Hooks reach the provider with the host's client at the host's address for it, and open nothing themselves."""
        with watching(CONNECTIONS) as opened:
            for call in hooks(harness, await harness.message("hello")).values():
                await failure_of(harness, call)
        expect(not opened, f"a hook opened a connection of its own: {', '.join(opened)}")
        expect(
            not harness.transport.strays,
            f"a hook called {', '.join(harness.transport.strays)} instead of ctx.api_base_url",
        )

    @story(ALL, "Use ctx.http as it is: it is shared by every binding, so set headers and auth on the request.")
    async def test_the_hosts_client_is_left_alone(self, harness: Harness) -> None:
        """No hook closes the host's client or leaves credentials, headers or cookies in it."""
        client = harness.ctx.http
        for call in hooks(harness, await harness.message("hello")).values():
            await failure_of(harness, call)
        expect(not client.is_closed, "a hook closed the client")
        # Not what it was after `configure`, which may have changed it already.
        state = client_state(client)
        changed = [
            name for name in {**state, **harness.made_client} if state.get(name) != harness.made_client.get(name)
        ]
        expect(not changed, f"the client is another after the hooks were called: {', '.join(changed)}")


async def _reads(harness: Harness, lines: list[str]) -> None:
    """Let the plugin read a message, and what is no message; what the simulator says is its own business."""
    if not harness.plugin.receives:
        await harness.phone.says(BODY)
        lines.clear()
        with suppress(Exception):  # what goes wrong is another check's finding
            async with harness.hearing():
                pass
        return
    request = await harness.said(BODY)
    lines.clear()
    harness.inbound(request)
    with suppress(Exception):
        harness.read(replace(request, headers={}))


async def _repeats(request: httpx.Request, _: Carry) -> httpx.Response:
    """Refuse as a proxy may, which repeats what it has got, in the fields in which providers say why."""
    # Not `str(url)`, which a plugin may have made hide the secret.
    said = f"Cannot {request.method} {request.url.raw_path.decode()} {request.headers.get('authorization', '')}"
    said += f" {request.content.decode(errors='replace')}"
    words = dict.fromkeys(("error", "message", "description", "detail", "title", "reason", "needed"), said)
    return httpx.Response(400, json={"ok": False, "error_code": 400, **words}, request=request)


async def _blocked(harness: Harness, hook: str) -> float:
    message = await harness.message("hello")
    # Asked once to set it to zero.
    longest_block()
    await failure_of(harness, hooks(harness, message)[hook])
    return longest_block()


async def _everything(harness: Harness) -> AsyncIterator[tuple[str, list[Exception]]]:
    """Run every hook without a fault, with network faults and with wrong credentials; `send` with every fault."""
    for network in (NetworkFault.NONE, NetworkFault.UNREACHABLE, NetworkFault.CUT, NetworkFault.HTML_ERROR):
        harness.transport.fault = network
        message = await harness.message(BODY)
        for hook, call in hooks(harness, message).items():
            error = await failure_of(harness, call)
            yield f"{hook} with the provider {network.name.lower()}", [error] if error else []
    harness.transport.fault = NetworkFault.NONE
    for fault in Fault:
        message = await harness.message(BODY)
        if not harness.strikes(fault):
            continue
        error = await failure_of(harness, hooks(harness, message)["send"])
        yield f"send after {fault}", [error] if error else []
    good, message = harness.binding, await harness.message(BODY)
    # Last, and taken back: with wrong credentials nothing else can be checked.
    revoked(harness)
    # Only those that need the credentials at once.
    for hook in ("configure", "verify", "send"):
        error = await failure_of(harness, hooks(harness, message)[hook])
        yield f"{hook} with wrong credentials", [error] if error else []
    harness.binding = good


def _needles(harness: Harness) -> dict[str, str]:
    wrong = secrets_of(harness.binding.settings)
    return {
        **secrets_of(harness.settings),
        **{f"a refused {name}": secret for name, secret in wrong.items()},
        "the webhook secret": harness.binding.webhook_secret.get_secret_value(),
        "the message's text": BODY,
        "the person's address": harness.heard_from.sender.address,
    }
