"""The pages with 10,000 people and 1,000,000 messages: how long the host takes for each, and what a browser has to load."""

from __future__ import annotations

import gzip
import re
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from bench.child import ADMIN, Child, free_port, host
from bench.client import load
from bench.history import PEOPLE, History
from bench.report import Report, milliseconds, percentile
from bench.twilio import twilio

MOST_SECONDS = 0.05
MOST_BYTES = 120_000
_ASSET = re.compile(r'(?:href|src)="([^"]*/assets/[^"#]+)')
_AGENT = "/agents/support"
_FIRST = "/conversations?agent=support"


@dataclass(frozen=True, slots=True)
class Figures:
    """A page.

    Attributes:
        p95: the 95th percentile of its time, in seconds.
        cpu: the processor time of the host for it, in seconds; tells what it costs where other work slows everything down.
        own: its compressed size in bytes.
        whole: the same with all that it loads.
    """

    p95: float
    cpu: float
    own: int
    whole: int


async def measure(report: Report, *, quick: bool) -> None:
    """Fill a database, sign in, and load each page many times, one request after the other."""
    messages, times = (100_000, 20) if quick else (1_000_000, 200)
    async with twilio() as provider:
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            start = partial(host, Path(folder), port=port, twilio=provider.url)
            async with start() as child:
                await child.connect(provider.simulator.settings())
            History(messages).write(Path(folder) / "trinity_channels.db")
            async with start() as child, httpx.AsyncClient(base_url=child.url) as browser:
                await _sign_in(browser)
                paths = await _paths(browser)
                found = {name: await _figures(browser, child, path, times) for name, path in paths.items()}
    report.figure("pages measured with", f"{PEOPLE:,} people, {messages:,} messages")
    for name, page in found.items():
        p95 = f"{milliseconds(page.p95)}, processor time {milliseconds(page.cpu)}"
        report.require(f"{name}: p95", p95, f"≤ {milliseconds(MOST_SECONDS)}", met=page.p95 <= MOST_SECONDS)
        told = f"{page.own / 1000:.1f} kB, {page.whole / 1000:.1f} kB with all that it loads"
        report.require(f"{name}: compressed", told, f"≤ {MOST_BYTES / 1000:.0f} kB", met=page.whole <= MOST_BYTES)


async def _sign_in(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/signin/token", data={"token": ADMIN}, headers={"Sec-Fetch-Site": "same-origin"})
    if answer.status_code != httpx.codes.SEE_OTHER:
        raise RuntimeError(f"signing in was answered {answer.status_code}")


async def _paths(browser: httpx.AsyncClient) -> dict[str, str]:
    """Every kind of page; in lists also a page far behind, in a conversation also the older messages."""
    api = {"Authorization": f"Bearer {ADMIN}"}
    listing, far = f"/api{_AGENT}/conversations", ""
    for _ in range(3):
        far = (await browser.get(listing, params={"after": far}, headers=api)).raise_for_status().json()["next"]
    earlier = (await browser.get(f"/api{_AGENT}/clients", params={"limit": 25}, headers=api)).raise_for_status()
    clients = parse_qs(urlsplit(earlier.links["next"]["url"]).query)["after"][0]
    busy = f"{_AGENT}/conversations/1"
    older = (await browser.get(f"/api{busy}", headers=api)).raise_for_status().json()["earlier"]
    return {
        "Agents": "/agents",
        "Sharing": _AGENT,
        "Sharing, earlier clients": f"{_AGENT}?clients={clients}",
        "Sharing, search": f"{_AGENT}?q=number+77",
        "Count in the navigation": "/live/conversations/attention",
        "Channel": f"{_AGENT}/channels/whatsapp",
        "Connect": f"{_AGENT}/channels/telegram",
        "Conversations": "/conversations",
        "Conversations of an agent": _FIRST,
        "Conversations, older": f"{_FIRST}&after={far}",
        "Conversations, the oldest": f"{_FIRST}&after=1000000000000000-1",
        "Conversations that need attention": f"{_FIRST}&state=attention",
        "Conversations, search": f"{_FIRST}&q=number+77",
        "Conversations, search without a match": f"{_FIRST}&q=without+a+match",
        "Conversation": busy,
        "Conversation, older messages": f"{busy}?before={older}",
        "Conversation, far back": f"{busy}?before=1000",
        "Settings": "/settings",
        "Audit log": "/settings/audit",
        "Audit log of an agent": f"{_AGENT}/audit",
    }


async def _figures(browser: httpx.AsyncClient, child: Child, path: str, times: int) -> Figures:
    answer = (await browser.get(path)).raise_for_status()
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    # Without a client that takes longer than the host; only the time is looked at.
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{child.port}\r\nAccept-Encoding: gzip\r\nCookie: {cookies}\r\n\r\n"
    before = child.cpu()
    outcome = await load(child.port, [head.encode()] * times, 1)
    cpu = (child.cpu() - before) / times
    own = _size(answer)
    assets = [await browser.get(one) for one in sorted(set(_ASSET.findall(answer.text)))]
    return Figures(percentile(outcome.check().latencies, 0.95), cpu, own, own + sum(map(_size, assets)))


def _size(answer: httpx.Response) -> int:
    """Bytes of a body on the way."""
    compressed = answer.headers.get("content-encoding") == "gzip"
    sent = answer.headers.get("content-length")
    if sent is not None:
        return int(sent)
    return len(gzip.compress(answer.content)) if compressed else len(answer.content)
