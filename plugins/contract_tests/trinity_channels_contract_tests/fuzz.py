"""Requests that are not sent on purpose: random ones, and authentic payloads with one field changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trinity_channels.api import Request
from trinity_channels_contract_tests.payloads import Payload, leaves, place, put

EXAMPLES = 60

_BODIES = st.one_of(st.none(), st.binary(max_size=200), st.text(max_size=60).map(str.encode))
_VALUES = st.dictionaries(st.integers(0, 30), st.text(st.characters(codec="latin-1"), max_size=60), max_size=3)
_QUERIES = st.one_of(st.none(), st.text(st.characters(codec="ascii"), max_size=30))
_ODD_VALUES: tuple[Any, ...] = (None, "no-such-value", -1, [], {})
_METHODS = st.sampled_from(["POST", "GET", "PUT", "HEAD", "", "post"])


_HUGE = "9" * 5000
EXTREMES = {
    "infinity": "1e999",
    "NaN": "NaN",
    "a number of 400 digits": _HUGE[:400],
    "64 bits and one": str(2**64),
    "a moment that no calendar has": str(10**17),
    "a fraction": "-0.5",
    "500 levels of objects": '{"a":' * 500 + "0" + "}" * 500,
    "half a character": '"\\ud83d"',
    "NUL": '"\\u0000"',
    "100000 letters": f'"{"x" * 100_000}"',
}
BREAKING = ("infinity", "a number of 400 digits", "half a character")
"""Those that Python itself cannot convert."""
_UNREADABLE = {"a number of 5000 digits": _HUGE, "100000 levels of lists": "[" * 100_000 + "]" * 100_000}
"""What JSON readers refuse, with all that is around it."""
_FORM_EXTREMES = {
    "400 digits": "9" * 400,
    "a moment that no calendar has": str(10**17),
    "5000 digits": _HUGE,
    "infinity": "1e999",
    "NaN": "nan",
    "100000 levels of lists": "[" * 100_000,
    "half a character": "%ED%A0%BD",
    "NUL": "%00",
    "broken percent-encoding": "%f",
}
_PLACE = "the-place-of-the-extreme"


def randomly(request: Request, attempt: Callable[[Request], None]) -> None:
    """Hand `attempt` many requests that resemble `request`; every header stays, whatever its value becomes."""
    names = sorted(request.headers)

    @settings(
        max_examples=EXAMPLES,
        # No examples are kept in an author's folder, and every run tries the same ones: a check must not fail by chance.
        database=None,
        deadline=None,
        derandomize=True,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(body=_BODIES, values=_VALUES, query=_QUERIES, method=_METHODS)
    def one(body: bytes | None, values: dict[int, str], query: str | None, method: str) -> None:
        # By number, as the header names are known only when it runs.
        changed = {names[index % len(names)]: value for index, value in values.items()} if names else {}
        url = request.url if query is None else f"{request.url.partition('?')[0]}?{query}"
        body = request.body if body is None else body
        attempt(replace(request, method=method, url=url, body=body, headers={**request.headers, **changed}))

    one()


def difference(request: Request, odd: Request) -> str:
    """What is odd about a random variation, in words."""
    headers = {name: value for name, value in odd.headers.items() if request.headers[name] != value}
    parts = {"method": odd.method, "url": odd.url, "body": odd.body[:100], "headers": headers}
    same = {"method": request.method, "url": request.url, "body": request.body[:100], "headers": {}}
    return ", ".join(f"{name} {value!r}" for name, value in parts.items() if value != same[name]) or "as it was"


def oddities(request: Request) -> Iterator[tuple[str, Request]]:
    """The request's payload with one field at a time missing, of another type or of an unknown value."""
    try:
        payload = json.loads(request.body)
    except ValueError:
        for how, fields in _odd_forms(parse_qsl(request.body.decode(), keep_blank_values=True)):
            yield how, replace(request, body=urlencode(fields).encode())
        return
    for how, changed in odd_json(payload):
        yield how, replace(request, body=json.dumps(changed).encode())


def extremes(request: Request) -> Iterator[tuple[str, Request]]:
    """The request's payload with one value at a time that is far out of any range."""
    payload = Payload(request)
    for path, _ in leaves(payload.value):
        # As text: JSON's encoder would not write some of them.
        marked = payload.request(put(payload.value, path, _PLACE)).body
        mark = f'"{_PLACE}"' if payload.is_json else _PLACE
        for how, odd in (EXTREMES | _UNREADABLE if payload.is_json else _FORM_EXTREMES).items():
            yield f"{place(path)} = {how}", replace(request, body=marked.replace(mark.encode(), odd.encode()))
    if payload.is_json:
        for how, odd in {**_UNREADABLE, "infinity": "1e999"}.items():
            yield f"the whole = {how}", replace(request, body=odd.encode())


def extreme_json(payload: Any) -> Iterator[tuple[str, Any]]:
    """JSON with a mark in place of one value at a time; `spelt_out` puts in what is far out of any range."""
    for how, mark in marks(EXTREMES):
        for path, _ in leaves(payload):
            yield f"{place(path)} = {how}", put(payload, path, mark)


def marks(kinds: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The mark of each extreme, with what it is."""
    for how in kinds:
        yield how, f"{_PLACE}: {how}"


def unreadable_json(payload: Any) -> Iterator[tuple[str, Any]]:
    """The same with what makes the whole answer unreadable; where it stands does not matter."""
    for path, _ in list(leaves(payload))[:1]:
        for how in _UNREADABLE:
            yield f"{place(path)} = {how}", put(payload, path, f"{_PLACE}: {how}")


def spelt_out(text: str) -> str:
    """JSON with the extremes where they were marked: its encoder would not write some of them."""
    if _PLACE in text:
        for how, odd in (EXTREMES | _UNREADABLE).items():
            text = text.replace(f'"{_PLACE}: {how}"', odd)
    return text


def _odd_forms(fields: list[tuple[str, str]]) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for index, (name, _) in enumerate(fields):
        rest = fields[:index] + fields[index + 1 :]
        yield f"without {name}", rest
        for value in ("", "no-such-value", "-1", "9" * 40):
            yield f"{name}={value}", [*rest, (name, value)]


def odd_json(payload: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """JSON with one field at a time missing, of another type or of an unknown value, each with what was done."""
    for odd in _ODD_VALUES:
        if odd != payload:
            yield f"{path or 'the whole'} = {odd!r}", odd
    if isinstance(payload, dict):
        for name, value in payload.items():
            rest = {key: held for key, held in payload.items() if key != name}
            yield f"without {path}.{name}", rest
            for how, changed in odd_json(value, f"{path}.{name}"):
                yield how, {**rest, name: changed}
    # One element stands for its siblings, or long lists would multiply the attempts.
    if isinstance(payload, list) and payload:
        for how, changed in odd_json(payload[0], f"{path}[0]"):
            yield how, [changed, *payload[1:]]
