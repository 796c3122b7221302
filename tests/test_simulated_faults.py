"""What a simulator answers when its provider is told to go wrong."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import Send

from trinity_channels.api import Fault
from trinity_channels.cli import servers
from trinity_channels.simulation import (
    Faults,
)


async def test_a_cut_connection_is_not_logged_and_a_forgotten_answer_is(caplog: pytest.LogCaptureFixture) -> None:
    faults = Faults({})

    async def take() -> Response:
        return PlainTextResponse("")

    async def cut(_: Request) -> Response:
        faults.inject(Fault.CUT_AFTER, 1)
        return await faults.meet(take)

    async def forgets(_: object, __: object, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    app = Starlette(routes=[Route("/cut", cut), Mount("/forgets", forgets)])
    logged = []
    with servers.bind("127.0.0.1", 0) as bound:
        async with servers.serving(app, bound), httpx.AsyncClient(base_url=servers.address(bound)) as client:
            for path in ("/cut", "/forgets/"):
                caplog.clear()
                with pytest.raises(httpx.HTTPError):
                    await client.get(path)
                logged.append(["without completing" in one.getMessage() for one in caplog.records])

    assert [any(one) for one in logged] == [False, True]


async def test_faults_that_stand_take_turns_and_spare_every_second_send() -> None:
    refusals = {Fault.RATE_LIMITED: PlainTextResponse("", 429), Fault.SERVER_ERROR: PlainTextResponse("", 500)}
    faults = Faults(refusals)

    async def take() -> Response:
        return PlainTextResponse("")

    async def statuses(count: int) -> list[int]:
        return [(await faults.meet(take)).status_code for _ in range(count)]

    faults.stand(Fault.RATE_LIMITED, on=True)
    faults.stand(Fault.RATE_LIMITED, on=True)
    assert await statuses(4) == [429, 200, 429, 200]
    faults.stand(Fault.SERVER_ERROR, on=True)
    assert sorted(await statuses(4)) == [200, 200, 429, 500]
    faults.stand(Fault.RATE_LIMITED, on=False)
    faults.stand(Fault.SERVER_ERROR, on=False)
    faults.inject(Fault.RATE_LIMITED, 1)
    assert await statuses(3) == [429, 200, 200]


async def test_a_server_error_may_come_after_the_message_was_taken() -> None:
    faults, taken = Faults({Fault.SERVER_ERROR: PlainTextResponse("", 500)}), []

    async def take() -> Response:
        taken.append("message")
        return PlainTextResponse("")

    for fault, count in ((Fault.SERVER_ERROR, 0), (Fault.SERVER_ERROR_AFTER, 1)):
        faults.inject(fault, 1)
        assert ((await faults.meet(take)).status_code, len(taken)) == (500, count)


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR_AFTER, Fault.REFUSED, Fault.EXHAUSTED])
def test_a_fault_that_the_provider_does_not_know_is_refused(fault: Fault) -> None:
    with pytest.raises(LookupError, match=fault.value):
        Faults({}).inject(fault, 1)
