"""The secret header: what passes, what does not, and that no one learns more than that."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from trinity_channels.api import Binding, MalformedPayload, Request, SignatureError
from trinity_channels_telegram import plugin

UPDATE = {"update_id": 1, "poll": {}}
SECRET = "fake-secret_of-the-webhook"
Make = Callable[..., Request]


@pytest.mark.parametrize("header", ["X-Telegram-Bot-Api-Secret-Token", "x-telegram-bot-api-secret-token"])
def test_the_secret_that_we_registered_opens(header: str, binding: Binding, posted: Make) -> None:
    assert plugin.receive(binding, posted(UPDATE, header=header)).events


@pytest.mark.parametrize(
    "presented",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param(SECRET[:-1], id="shorter"),
        pytest.param(f"{SECRET}k", id="longer"),
        pytest.param(SECRET.upper(), id="other case"),
        pytest.param(f"{SECRET} ", id="trailing space"),
        pytest.param(SECRET.replace("a", "а"), id="Cyrillic look-alike"),  # noqa: RUF001 - the point of it
        pytest.param("\udcff", id="undecodable byte"),
        pytest.param("7770001:FakeTokenOfTheTests", id="the bot token"),
    ],
)
def test_any_other_secret_is_refused(presented: str | None, binding: Binding, posted: Make) -> None:
    with pytest.raises(SignatureError) as refused:
        plugin.receive(binding, posted(UPDATE, secret=presented))

    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("presented", [None, "", "anything"])
def test_without_a_secret_of_ours_nothing_is_authentic(
    presented: str | None, make_binding: Callable[..., Binding], posted: Make
) -> None:
    with pytest.raises(SignatureError):
        plugin.receive(make_binding(secret=""), posted(UPDATE, secret=presented))


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[]", b'"x"', b"\xff", b"[" * 100_000, b"{}", b'{"update_id":1e3}']
)
def test_an_authentic_request_without_an_update_is_malformed(body: bytes, binding: Binding, posted: Make) -> None:
    with pytest.raises(MalformedPayload):
        plugin.receive(binding, posted(body))
    with pytest.raises(SignatureError):
        plugin.receive(binding, posted(body, secret="another"))
