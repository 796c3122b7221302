"""What a plugin reports holds no credential that a provider or a proxy has repeated."""

from __future__ import annotations

import base64
import re

import pytest
from pydantic import BaseModel, SecretStr

from tests.core.test_plugins import MANIFEST
from trinity_channels.api import (
    Account,
    Binding,
    BindingState,
    ChannelError,
    Check,
    CheckState,
    Deliver,
    DeliveryState,
    Event,
    Failure,
    FailureKind,
    Ignored,
    Inbound,
    Malformed,
    MessageReceived,
    ProviderUnavailable,
    ReceiptReceived,
    Sender,
    SendRejected,
    Verification,
)
from trinity_channels.plugins import Plugin


class Secrets(BaseModel):
    """An account with a token, as a provider's settings have it."""

    sid: str = "loft-1"
    token: SecretStr = SecretStr("fake/token+of the loft")
    spare: SecretStr | None = None


BINDING = Binding(Secrets(), Account("1", "loft"), SecretStr("fake-webhook-secret"))
TOLD = [
    "fake/token+of the loft",
    "/v1/fake%2Ftoken%2Bof%20the%20loft/send",
    "Basic " + base64.b64encode(b"loft-1:fake/token+of the loft").decode(),
    "fake-webhook-secret",
    "wss://loft.example/link/?ticket=fake-ticket&app_id=1",
]
LEAKS = re.compile("fake|ZmFrZ|bG9mdC0x")


@pytest.mark.parametrize(
    ("hook", "arguments", "options"),
    [
        ("receive", 1, {}),
        ("configure", 1, {"listens": False}),
        ("verify", 1, {}),
        ("send", 2, {}),
        ("resolve_identity", 2, {}),
        ("indicate", 4, {"done": False}),
        ("find_sent", 4, {}),
        ("list_missed", 2, {}),
        ("listen", 2, {}),
        ("register_webhook", 1, {}),
        ("unregister_webhook", 1, {}),
        ("resolve_quoted", 3, {}),
    ],
)
async def test_an_error_holds_no_secret_that_the_provider_has_repeated(
    hook: str, arguments: int, options: dict[str, bool]
) -> None:
    # The webhook's secret is not known yet while a binding is connected.
    repeated = [told for told in TOLD if hook != "configure" or told != "fake-webhook-secret"]

    def refuses(**_: object) -> None:
        said = f"Cannot POST {' '.join(repeated)} (account loft-1)."
        raise SendRejected(Failure("400", FailureKind.PERMANENT, said)) if hook == "send" else ProviderUnavailable(said)

    async def call() -> None:
        plugin = Plugin(MANIFEST, "1", lambda _: refuses, {hook})
        given = Secrets() if hook == "configure" else BINDING
        await getattr(plugin, hook)(given, *[None] * arguments, **options)

    with pytest.raises(ChannelError) as caught:
        await call()

    error = caught.value
    said = error.failure.message if isinstance(error, SendRejected) else error.message
    assert said.startswith("Cannot POST ")
    assert said.endswith("(account loft-1).")
    assert not LEAKS.search(f"{said} {error} {error.message}")


@pytest.mark.parametrize("told", TOLD)
async def test_a_finding_holds_no_secret_either(told: str) -> None:
    async def verify(**_: object) -> Verification:
        check = Check("webhook", CheckState.FAILED, f"Last error: {told}.", fix=f"Do not send {told}.")
        return Verification(BINDING.account, (check,))

    plugin = Plugin(MANIFEST, "1", lambda _: verify, {"verify"})
    (check,) = (await plugin.verify(BINDING, None)).checks  # type: ignore[arg-type]  # it does not look at it

    assert check.message.startswith("Last error: ")
    assert not LEAKS.search(check.message + check.fix)


TOLD_AT_ONCE = " ".join(TOLD)
MESSAGE = MessageReceived("m-2", Sender("loft:1"), "my token is fake/token+of the loft", "m-2")
FAILURE = Failure("400", FailureKind.PERMANENT, f"Refused: {TOLD_AT_ONCE}")
SAID = [
    BindingState(
        f"revoked {TOLD_AT_ONCE}", works=False, message=f"It said {TOLD_AT_ONCE}.", fix=f"Stop {TOLD_AT_ONCE}."
    ),
    Malformed(f"There is no {TOLD_AT_ONCE}.", ValueError(f"invalid literal {TOLD_AT_ONCE}")),
    Ignored("elsewhere", f"It came for {TOLD_AT_ONCE}."),
    ReceiptReceived("m-1", DeliveryState.FAILED, failure=FAILURE),
]


@pytest.mark.parametrize("event", SAID, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("way", ["receive", "listen"])
async def test_what_events_say_holds_no_secret(way: str, event: Event) -> None:
    """Whatever a provider has told the plugin, by a webhook or while it listened."""
    said = Inbound((event, MESSAGE))
    delivered: list[Inbound] = []

    async def listen(*, deliver: Deliver, **_: object) -> None:
        await deliver(said)

    async def deliver(inbound: Inbound) -> None:
        delivered.append(inbound)

    plugin = Plugin(MANIFEST, "1", lambda _: listen if way == "listen" else lambda **_: said, {way})
    if way == "listen":
        await plugin.listen(BINDING, None, deliver)  # type: ignore[arg-type]  # it does not look at it
    else:
        delivered.append(plugin.receive(BINDING, None))  # type: ignore[arg-type]  # nor does this one

    (found,) = delivered
    assert not LEAKS.search(f"{found.events[0]!r} {getattr(found.events[0], 'cause', '')}")
    assert found.events[1] == MESSAGE, "what people write is theirs"
