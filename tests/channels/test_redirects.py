"""A redirect is not followed, so a provider's API has not seen the message, wherever the redirect leads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from tests.channels.net import Net
from trinity_channels.http_client import open_client

ADDRESSES = [
    pytest.param(b"https://elsewhere.example/", id="elsewhere"),
    pytest.param(b"/other", id="a path"),
    pytest.param(b"https:///", id="no host"),
    pytest.param(b"", id="empty"),
    # What follows cannot be read, and httpx raises errors of three libraries for it.
    pytest.param(b"https://exa\x01mple.org/", id="control character"),
    pytest.param(b"https://example.org:port/", id="port"),
    pytest.param(b"https://xn--a.org/\xff", id="punycode"),
    pytest.param(b"https://xn--zzzzzzzzzzzz/", id="long punycode"),
    pytest.param("https://\u202e.org/".encode(), id="bidi override"),
    pytest.param(b"http://999.1.1.1/", id="IPv4"),
    pytest.param(b"http://::1/", id="IPv6"),
    pytest.param(b"javascript:alert(1)", id="script"),
    pytest.param(b"/" + b"x" * 70_000, id="too long"),
]


class Moved(httpx.AsyncBaseTransport):
    """Something in front of a provider that sends every request elsewhere."""

    def __init__(self, address: bytes) -> None:
        self._address = address
        self.requests = 0

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        self.requests += 1
        return httpx.Response(307, headers=[(b"Location", self._address)])


@contextmanager
def moved(net: Net, channel: str, address: bytes) -> Iterator[Moved]:
    """While this lasts, a proxy in front of the provider redirects."""
    url = f"http://{channel}.simulator"
    proxy = Moved(address)
    provider, net.network.at[url] = net.network.at[url], proxy
    try:
        yield proxy
    finally:
        net.network.at[url] = provider


@pytest.mark.parametrize("address", ADDRESSES)
async def test_a_redirected_message_is_sent_again_by_itself_and_arrives_once(
    net: Net, channel: str, address: bytes
) -> None:
    net.http.event_hooks = open_client().event_hooks
    await net.policy("open")
    zoe = net.stranger(channel, "Zoe")
    await zoe.says("hello")
    heard = zoe.heard()

    with moved(net, channel, address) as proxy:
        await zoe.says("are you there?")
    (waiting, _) = (await net.api("GET", "/api/agents/support/deliveries")).json()
    await net.much_later()

    assert proxy.requests
    assert waiting["state"] == "ready", waiting
    assert "redirect" in waiting["error"] or "leads elsewhere" in waiting["error"]
    assert zoe.heard() == [*heard, "echo are you there?"]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_an_owner_who_verifies_is_told_that_the_provider_gave_no_answer(
    net: Net, channel: str, address: bytes
) -> None:
    """With the client of an application that mounts the host, too."""
    with moved(net, channel, address):
        answer = await net.api("POST", f"/api/agents/support/{channel}/test", {})

    assert (answer.status_code, answer.json()["code"]) == (502, "provider_unavailable")
