"""The signature: known answers, the window, and the official verifier as an oracle, but for its documented faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from slack_sdk.signature import Clock, SignatureVerifier

from trinity_channels.api import Request, SignatureError
from trinity_channels_slack.signature import authenticate

OWN = "fake-signing-secret-for-tests-01"
# https://docs.slack.dev/authentication/verifying-requests-from-slack
SLACKS = "8f742231b10e8888abcd99yyyzzz85a5"
SLACKS_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar"
    b"&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
    b"%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a"
    b"14d10d2c447fce8b6703c"
)
UNICODE = '{"type":"event_callback","event":{"type":"message","text":"héllo 👍"}}'.encode()
KNOWN = [
    (SLACKS, "1531420618", SLACKS_BODY, "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"),
    (OWN, "1767225600", UNICODE, "v0=a7447ed0fa075cc5d0619dbc07998767e70c8ec2b621209c89f3599caafcb8a6"),
    (OWN, "1767225600", b"{}", "v0=11daae45127aff5733ca33011172e8c6502585240de65b13ffc7e6a20d6d2d3d"),
]


def post(body: bytes, timestamp: str, signature: str, received_at: datetime | None = None) -> Request:
    headers = {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature}
    return Request("POST", "https://bot.example/slack", headers, body, received_at)


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def accepted(request: Request, *secrets: str) -> bool:
    try:
        return authenticate(request, secrets or (OWN,)) == request.body
    except SignatureError:
        return False


def sign(body: bytes, timestamp: str, secret: str = OWN) -> str:
    signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
    assert signature is not None
    return signature


@pytest.mark.parametrize(("secret", "timestamp", "body", "signature"), KNOWN)
def test_known_answers(secret: str, timestamp: str, body: bytes, signature: str) -> None:
    now = at(int(timestamp))

    assert accepted(post(body, timestamp, signature, now), secret)
    assert not accepted(post(body + b" ", timestamp, signature, now), secret)
    assert not accepted(post(body, timestamp, signature, now), secret + "x")
    assert not accepted(post(body, str(int(timestamp) + 1), signature, now), secret)


@pytest.mark.parametrize(
    ("age", "expected"),
    [(0, True), (299, True), (300, True), (301, False), (-300, True), (-301, False), (86400, False)],
)
def test_a_signature_is_good_for_five_minutes(age: int, expected: bool) -> None:
    request = post(b"{}", "1767225600", sign(b"{}", "1767225600"), at(1767225600) + timedelta(seconds=age))

    assert accepted(request) is expected


def test_without_a_time_of_receipt_nothing_is_fresh() -> None:
    assert not accepted(post(b"{}", "1767225600", sign(b"{}", "1767225600"), None))


@pytest.mark.parametrize(
    "timestamp",
    ["", " 1767225600", "1767225600 ", "+1767225600", "1_767_225_600", "١٧٦٧٢٢٥٦٠٠", "1767225600.0", "9" * 13, "now"],
)
def test_a_timestamp_is_a_plain_number(timestamp: str) -> None:
    assert not accepted(post(b"{}", timestamp, sign(b"{}", timestamp), at(1767225600)))


UNREADABLE: list[Callable[[str], Request]] = [
    lambda _: Request("POST", "https://bot.example", {}, b"{}", at(1767225600)),
    lambda _: post(b"{}", "1767225600", "", at(1767225600)),
    lambda signature: post(b"{}", "1767225600", signature.removeprefix("v0="), at(1767225600)),
    lambda signature: post(b"{}", "1767225600", signature.upper(), at(1767225600)),
    lambda signature: post(b"{}", "1767225600", signature + "\u00e9", at(1767225600)),
    lambda signature: post(b"{}", "1767225600", signature + "\ud800", at(1767225600)),
    lambda signature: post(b"{}", "\ud800", signature, at(1767225600)),
    lambda signature: post(b"\xff\xfe", "1767225600", signature, at(1767225600)),
]


@pytest.mark.parametrize("request_for", UNREADABLE)
def test_what_makes_the_official_verifier_fail_is_a_refusal(
    request_for: Callable[[str], Request], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SignatureError):
        authenticate(request_for(sign(b"{}", "1767225600")), (OWN,))
    assert not caplog.records


def test_a_body_need_not_be_text() -> None:
    body = b"\xff\xfe"
    signature = "v0=263abe5aace368eb8d5213883de5661490279e1ae4332ddb2c6300a861de11fc"

    assert accepted(post(body, "1767225600", signature, at(1767225600)))


def test_while_a_secret_is_regenerated_either_one_signs() -> None:
    def from_slack(secret: str) -> Request:
        return post(b"{}", "1767225600", sign(b"{}", "1767225600", secret), at(1767225600))

    assert accepted(from_slack("old"), "new", "old")
    assert accepted(from_slack("new"), "new", "old")
    assert not accepted(from_slack("older"), "new", "old")


def test_no_secret_accepts_nothing() -> None:
    with pytest.raises(SignatureError):
        authenticate(post(b"{}", "1767225600", sign(b"{}", "1767225600", "x"), at(1767225600)), ())


@pytest.mark.parametrize("spelling", [str.lower, str.upper, str.title])
def test_headers_are_found_in_any_spelling(spelling: Callable[[str], str]) -> None:
    request = post(b"{}", "1767225600", sign(b"{}", "1767225600"), at(1767225600))
    headers = {spelling(name): value for name, value in request.headers.items()}

    assert accepted(Request("POST", request.url, headers, request.body, request.received_at))


class Still(Clock):
    def now(self) -> float:
        return 1767225600


@given(
    body=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    signed=st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    age=st.integers(-400, 400),
    secret=st.sampled_from([OWN, SLACKS, "ключ"]),
    same=st.booleans(),
)
@example(body="{}", signed="{}", age=300, secret=OWN, same=True)
def test_we_accept_what_the_official_verifier_accepts(
    body: str, signed: str, age: int, secret: str, same: bool
) -> None:
    timestamp = str(1767225600 - age)
    signature = sign((body if same else signed).encode(), timestamp, secret)

    official = SignatureVerifier(OWN, clock=Still()).is_valid(body, timestamp, signature)

    assert accepted(post(body.encode(), timestamp, signature, at(1767225600))) is official
