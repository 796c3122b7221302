"""The API, asked for everything that its OpenAPI description allows and for much that it forbids."""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from freezegun.api import FrozenDateTimeFactory
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.channels.net import Net
from tests.load.damage import faults_of_the_database
from tests.world import ADMIN, PUBLIC

CASES = 1_500
"""Cases of all operations together, half of them as described: a test of bounded length, however many routes come."""
SEED = 20260302
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# Bodies that are no JSON object, or none that a reader gets to the end of.
BROKEN = (
    *(b"", b"{", b"null", b"1", b'"x"', b"[]", b"NaN", b"\xff\xfe", b'{"a":1}}', b"x" * 300_000),
    *(b"[" * 100_000, b'{"a":' * 2_000 + b"1" + b"}" * 2_000, b'{"a": ' + b"9" * 5_000 + b"}"),
    *(b'{"\\ud800": 1}', b'{"email": "\\udfff@example.org", "value": "\\u0000", "text": "\\ud800"}'),
)
KNOWN = {
    "name": "support",
    **dict.fromkeys(("client_id", "conversation_id", "delivery_id", "request_id", "token_id", "turn_id"), 1),
}
"""Path parameters of what exists."""
AnyCase = Case[Any]
TOKENS = ("", "wrong", "tc_" + "x" * 5_000)


@pytest.fixture
async def net(tmp_path: Path, clock: FrozenDateTimeFactory) -> AsyncIterator[Net]:
    async with Net(tmp_path, clock) as made:
        await made.connect_all()
        await made.stranger("whatsapp", "Zoe").says("hello")
        yield made


def made_by(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode, most: int) -> list[AnyCase]:
    """What Schemathesis makes of an operation, at most so many; nothing where no request for it can be wrong."""
    cases: list[AnyCase] = []

    @settings(
        max_examples=most,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case: AnyCase) -> None:
        cases.append(case)

    try:
        collect()
    except Unsatisfiable:
        return []
    return cases


def aimed(cases: list[AnyCase]) -> Iterator[AnyCase]:
    """Most of the cases at what exists, or none would get far."""
    dice = random.Random(SEED)
    for case in cases:
        for name, known in KNOWN.items():
            if name in case.path_parameters and dice.random() < 0.75:
                case.path_parameters[name] = known
        if isinstance(case.body, dict) and "recipient_email" in case.body and dice.random() < 0.5:
            case.body = {"recipient_email": "someone@example.org", "text": "hello"}
        yield case


async def ask(net: Net, method: str, path: str, token: str = ADMIN, **sent: Any) -> httpx.Response:
    """Ask the API; what it raises comes back as the 500 that a server would make of it."""
    headers = {"Content-Type": "application/json", **sent.pop("headers", {}), "Authorization": f"Bearer {token}"}
    request = net.http.build_request(method, f"{PUBLIC}{path}", headers=headers, **sent)
    try:
        return await net.http.send(request)
    except Exception as error:  # noqa: BLE001  this is what the fuzz is looking for
        raised = httpx.Response(500, json={"raised": repr(error)}, request=request)
        raised.elapsed = timedelta()  # the checks look at it
        return raised


async def answer(net: Net, case: AnyCase) -> httpx.Response:
    """Send a case."""
    sent = case.as_transport_kwargs(base_url=PUBLIC)
    body = {name: sent[key] for key, name in (("json", "json"), ("data", "content")) if key in sent}
    path = sent["url"].removeprefix(PUBLIC)
    return await ask(net, sent["method"], path, headers=dict(case.headers or {}), params=sent.get("params"), **body)


def wrong_with(case: AnyCase, response: httpx.Response) -> str | None:
    """How an answer differs from the description, None if it does not."""
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as group:
        return (
            f"{case.method} {case.formatted_path} {str(case.body)[:120]}: {group.exceptions[0]} {response.text[:200]}"
        )
    return None


def in_shape(response: httpx.Response) -> bool:
    """Whether a refusal is one, and says what it is."""
    told = json.loads(response.content)
    return 400 <= response.status_code < 500 and bool(told["code"]) and bool(told["message"])


@pytest.mark.timeout(300)
async def test_every_operation_answers_as_it_is_described(
    net: Net, clock: FrozenDateTimeFactory, caplog: pytest.LogCaptureFixture
) -> None:
    schema = schemathesis.openapi.from_dict(net.app.openapi())
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    each = CASES // (len(operations) * len(GenerationMode))
    cases = [case for one in operations for mode in GenerationMode for case in made_by(one, mode, each)]
    random.Random(SEED).shuffle(cases)
    statuses: Counter[int] = Counter()
    wrong: list[str] = []

    for index, case in enumerate(aimed(cases)):
        response = await answer(net, case)
        statuses[response.status_code] += 1
        if fault := wrong_with(case, response):
            wrong.append(fault)
        clock.tick(2)  # providers limit how often a webhook is set
        if index % 40 == 0:
            await net.connect_all()  # some cases disconnect
            await net.settle()

    wrong += [f"logged: {one.getMessage()}" for one in caplog.records if one.levelno >= logging.ERROR]
    assert wrong == [], f"{len(wrong)}:\n" + "\n".join(wrong[:10])
    assert await faults_of_the_database(net) == []
    assert len(cases) >= CASES * 0.8
    assert {200, 403, 404, 409, 422} <= set(statuses), statuses


@pytest.mark.timeout(120)
async def test_every_operation_refuses_what_is_no_request(net: Net) -> None:
    wrong: list[str] = []
    for path, methods in net.app.openapi()["paths"].items():
        there = path.format_map(KNOWN | {"email": "x@y.org", "message_id": 1})
        for method in methods:
            broken = BROKEN if "requestBody" in methods[method] else ()
            answers = [
                *[await ask(net, method.upper(), there, token) for token in TOKENS],
                *[await ask(net, method.upper(), there, content=body) for body in broken],
                *[await ask(net, other, there) for other in ("PATCH", "TRACE", "FOO")],
            ]
            wrong += [f"{method} {path}: {one.status_code} {one.text[:200]}" for one in answers if not in_shape(one)]

    assert wrong == [], "\n".join(wrong)
