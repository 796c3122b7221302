"""Processes over one PostgreSQL database, as operators run them: some receive, some answer, and they stop one by one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from tests import postgres
from tests.load.siege import ADMIN, eventually, free_port, make_twilio, served
from tests.world import KEY
from trinity_channels_whatsapp.simulator import TwilioSimulator
from trinity_channels_whatsapp.simulator.phones import Phone

CONFIG = """
[agents.support]
owner = "owner@example.org"
runtime = "openai"
base_url = "{model}/v1"
model = "patient"
"""


class Model:
    """An OpenAI-compatible endpoint that answers when it is let."""

    def __init__(self) -> None:
        self.calls = 0
        self.speaks = asyncio.Event()
        self.speaks.set()
        self.app = Starlette(routes=[Route("/v1/chat/completions", self._complete, methods=["POST"])])

    async def _complete(self, request: Request) -> JSONResponse:
        said = (await request.json())["messages"][-1]["content"]
        self.calls += 1
        await self.speaks.wait()
        answer = {"role": "assistant", "content": f"you wrote {said.splitlines()[-1]}"}
        return JSONResponse({"choices": [{"index": 0, "message": answer, "finish_reason": "stop"}]})


class Process:
    """One process of the host."""

    def __init__(self, process: asyncio.subprocess.Process, url: str, log: Path) -> None:
        self._process = process
        self.url = url
        self._log = log

    @property
    def log(self) -> str:
        """What it has written."""
        return self._log.read_text()

    async def readyz(self) -> tuple[int, dict[str, Any]]:
        """What its probe says."""
        async with httpx.AsyncClient(trust_env=False) as http:
            answer = await http.get(f"{self.url}/readyz")
        return answer.status_code, answer.json()

    def told(self, how: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(how)

    async def ended(self) -> int:
        """Wait for its end; the exit code."""
        async with asyncio.timeout(30):
            return await self._process.wait()

    async def kill(self) -> None:
        """End it now, if it has not ended."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()


class Balancer:
    """Sends requests to the processes that say that they are ready, in turn."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.behind: list[Process] = []
        self.failed: list[str] = []
        self._http = http
        self._ready: list[Process] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, once."""
        request = Request(scope, receive)
        headers = {name: value for name, value in request.headers.items() if name != "content-length"}
        one = self._ready[0]
        self._ready = [*self._ready[1:], one]
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        try:
            answer = await self._http.request(
                request.method, one.url + path, headers=headers, content=await request.body()
            )
            response = Response(answer.content, answer.status_code, media_type=answer.headers.get("content-type"))
        except httpx.HTTPError as error:
            response = Response(status_code=502)
            self.failed.append(f"{error!r} at {one.url}")
        if response.status_code >= httpx.codes.BAD_REQUEST:
            self.failed.append(f"{response.status_code} of {one.url}")
        await response(scope, receive, send)

    async def watch(self) -> None:
        """Look ten times a second who is ready."""
        while True:
            self._ready = [one for one in self.behind if await self._is_ready(one)]
            await asyncio.sleep(0.1)

    async def _is_ready(self, one: Process) -> bool:
        try:
            return (await self._http.get(f"{one.url}/readyz")).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False


class Cluster:
    """A database, the processes on it, and the world around them."""

    def __init__(
        self, folder: Path, database: str, model: tuple[Model, str], twilio: tuple[TwilioSimulator, str]
    ) -> None:
        self.model, model_url = model
        self.twilio, twilio_url = twilio
        self.folder = folder
        self.processes: list[Process] = []
        (folder / "channels.toml").write_text(CONFIG.format(model=model_url))
        self._environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ},
            "TRINITY_CHANNELS_HOME": str(folder),
            "TRINITY_CHANNELS_CONFIG": str(folder / "channels.toml"),
            "TRINITY_CHANNELS_DATABASE_URL": database,
            "TRINITY_CHANNELS_CREDENTIAL_ENCRYPTION_KEY": KEY,
            "TRINITY_CHANNELS_ADMIN_TOKEN": ADMIN,
            "TRINITY_CHANNELS_GATHER_SECONDS": "0",
            "TWILIO_API_BASE_URL": twilio_url,
        }

    async def start(self, *command: str) -> Process:
        """Start a process, and wait until it does its work."""
        port = free_port()
        log = self.folder / f"{port}.log"
        with log.open("wb") as out:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "trinity_channels.cli", *command, "--port", str(port)),
                env=self._environment | {"TRINITY_CHANNELS_PUBLIC_CHAT_URL": f"http://127.0.0.1:{port}"},
                stdout=out,
                stderr=out,
            )
        one = Process(process, f"http://127.0.0.1:{port}", log)
        self.processes.append(one)
        await eventually(
            lambda: process.returncode is not None or "Stop it with Ctrl-C" in one.log,
            30,
            lambda: f"it runs\n{one.log}",
        )
        assert process.returncode is None, one.log
        return one

    async def api(self, at: Process, method: str, path: str, body: object = None) -> Any:
        """Call the API of a process that receives."""
        headers = {"Authorization": f"Bearer {ADMIN}"}
        async with httpx.AsyncClient(base_url=at.url, headers=headers, trust_env=False, timeout=30) as http:
            answer = await http.request(method, path, json=body)
        assert answer.status_code == httpx.codes.OK, answer.text
        return answer.json()

    async def connect(self, at: Process, address: str = "") -> None:
        """Connect the agent, and open it to everyone."""
        await self.api(at, "PUT", "/api/settings/public_chat_url", {"value": address or at.url})
        connected = await self.api(at, "PUT", "/api/agents/support/whatsapp", self.twilio.settings())
        await self.api(at, "PUT", "/api/agents/support/access-policy", {"policy": "open"})
        self.twilio.connect(connected["webhook_url"])


@pytest.fixture
def database() -> Iterator[str]:
    yield postgres.database("of_processes")
    postgres.drop()


@pytest.fixture
async def cluster(tmp_path: Path, database: str) -> AsyncIterator[Cluster]:
    model = Model()
    async with contextlib.AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        twilio = make_twilio(http, "http://twilio.invalid")
        made = Cluster(
            tmp_path,
            database,
            (model, await stack.enter_async_context(served(model.app))),
            (twilio, await stack.enter_async_context(served(twilio.app))),
        )
        try:
            yield made
        finally:
            model.speaks.set()
            for one in made.processes:
                await one.kill()


async def heard(phone: Phone, expected: str, within: float = 10) -> None:
    """Wait for an answer, and see that it is the only one."""
    await eventually(lambda: bool(_answers(phone)), within, lambda: f"{expected} is heard")
    assert _answers(phone) == [expected]


def _answers(phone: Phone) -> list[str]:
    # Behind what the host puts before the first one.
    return [one.text.splitlines()[-1] for one in phone.heard() if "you wrote" in one.text]


async def test_what_one_process_receives_waits_for_another_that_answers(cluster: Cluster) -> None:
    web = await cluster.start("serve", "--no-worker")
    await cluster.connect(web)
    zoe = cluster.twilio.phone("Zoe")
    await zoe.says("hello")
    status, alone = await web.readyz()
    found = await cluster.api(web, "POST", "/api/settings/diagnosis")
    (processes,) = [one["checks"] for one in found if one["title"] == "Processes"]
    asked = cluster.model.calls

    worker = await cluster.start("worker")
    await heard(zoe, "you wrote hello")
    tried = await cluster.api(web, "POST", "/api/agents/support/whatsapp/test", {"to_number": zoe.address})
    (_, receiving), (_, answering) = await web.readyz(), await worker.readyz()
    with (cluster.folder / "channels.toml").open("a") as config:
        config.write('[agents.new]\nowner = "owner@example.org"\nruntime = "echo"\n')
    worker.told(signal.SIGHUP)
    await eventually(lambda: "agents reloaded as in another process" in web.log, 5, lambda: "the other one reads, too")

    assert (asked, status, alone["status"]) == (0, 200, "ready")
    assert [(one["code"], one["state"]) for one in alone["reasons"]] == [("workers", "warning")]
    assert [(one["code"], one["state"]) for one in processes] == [("workers", "warning")]
    assert "trinity-channels worker" in alone["reasons"][0]["fix"]
    assert (tried["ok"], tried["code"]) == (True, None)
    assert (receiving["role"], receiving["dispatcher"], receiving["reasons"]) == ("web", "elsewhere", [])
    assert (answering["role"], answering["dispatcher"], answering["reasons"]) == ("worker", "running", [])
    assert "new" in [one["name"] for one in await cluster.api(web, "GET", "/api/agents")]
    assert "Traceback" not in web.log + worker.log


async def test_a_worker_that_is_told_to_stop_ends_its_turn(cluster: Cluster) -> None:
    web = await cluster.start("serve", "--no-worker")
    worker = await cluster.start("worker")
    await cluster.connect(web)
    zoe = cluster.twilio.phone("Zoe")
    cluster.model.speaks.clear()
    await zoe.says("hello")
    await eventually(lambda: cluster.model.calls == 1, 10, lambda: "the agent is asked")

    worker.told(signal.SIGTERM)
    await eventually(lambda: "Shutting down" in worker.log, 10, lambda: "it has heard that")
    (status, ready), asked = await worker.readyz(), cluster.model.calls
    cluster.model.speaks.set()
    code = await worker.ended()

    assert (status, [one["code"] for one in ready["reasons"]]) == (503, ["stopping"])
    assert (code, asked, cluster.model.calls) == (0, 1, 1), worker.log
    await cluster.start("worker")  # what is still to be sent
    await heard(zoe, "you wrote hello")


async def test_a_turn_that_is_cut_short_is_done_by_another_worker_at_once(cluster: Cluster) -> None:
    web = await cluster.start("serve", "--no-worker")
    first = await cluster.start("worker")
    await cluster.connect(web)
    zoe = cluster.twilio.phone("Zoe")
    cluster.model.speaks.clear()
    await zoe.says("hello")
    await eventually(lambda: cluster.model.calls == 1, 10, lambda: "the agent is asked")
    await cluster.start("worker")

    first.told(signal.SIGTERM)
    await eventually(lambda: "Shutting down" in first.log, 10, lambda: "it has heard that")
    first.told(signal.SIGTERM)  # it is not to wait for the agent
    code = await first.ended()
    await eventually(lambda: cluster.model.calls == 2, 5, lambda: "the agent is asked by the other one")
    cluster.model.speaks.set()
    await heard(zoe, "you wrote hello")

    assert code == 0, first.log
    assert "Traceback" not in first.log


async def test_processes_are_replaced_one_by_one_and_no_request_fails(cluster: Cluster) -> None:
    serve = ("serve", "--drain", "1")
    async with httpx.AsyncClient(trust_env=False, timeout=20) as http, served(balancer := Balancer(http)) as address:
        watching = asyncio.create_task(balancer.watch())
        balancer.behind = [await cluster.start(*serve), await cluster.start(*serve)]
        await cluster.connect(balancer.behind[0], address)
        phones = [cluster.twilio.phone(f"Person {one}") for one in range(3)]
        over = asyncio.Event()
        writing = [asyncio.create_task(writes(phone, over)) for phone in phones]

        for old in [*balancer.behind]:
            balancer.behind.append(await cluster.start(*serve))
            old.told(signal.SIGTERM)
            assert await old.ended() == 0, old.log
            balancer.behind.remove(old)
        over.set()
        written = await asyncio.gather(*writing)
        for phone, texts in zip(phones, written, strict=True):
            await eventually(lambda: len(_answers(phone)) >= len(texts), 15, lambda: f"{texts} are answered")  # noqa: B023
        watching.cancel()

    assert balancer.failed == []
    assert [_answers(phone) for phone in phones] == [[f"you wrote {text}" for text in texts] for texts in written]
    assert min(map(len, written)) > 2


async def writes(phone: Phone, over: asyncio.Event) -> list[str]:
    """Write, wait for the answer, and write again; returns what was written."""
    texts: list[str] = []
    while not over.is_set():
        texts.append(f"message {len(texts)}")
        await phone.says(texts[-1])
        with contextlib.suppress(TimeoutError):
            await eventually(lambda: len(_answers(phone)) >= len(texts), 20, lambda: f"{texts[-1]} is answered")
        await asyncio.sleep(2)  # the host takes thirty a minute
    return texts
