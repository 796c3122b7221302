"""Logs: everything goes through one pipeline, and nothing private comes out of it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tests.log_watch import logged
from trinity_channels.observability.log import configure_logging
from trinity_channels.observability.masking import mask_phone, mask_text

digits = st.text("0123456789", min_size=7, max_size=15)


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    with logged(as_json=True) as stream:
        yield stream


def entry(out: io.StringIO) -> dict[str, Any]:
    (line,) = out.getvalue().splitlines()
    parsed: dict[str, Any] = json.loads(line)
    return parsed


@pytest.mark.parametrize(
    ("number", "masked"),
    [
        ("+15551234567", "+155***4567"),
        ("15551234567", "155***4567"),
        ("+1 (555) 123-4567", "+155***4567"),
        ("12345678", "***78"),
        ("123", "***23"),
        ("", "***"),
    ],
)
def test_phone_numbers(number: str, masked: str) -> None:
    assert mask_phone(number) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("sent to whatsapp:+15551234567.", "sent to whatsapp:+155***4567."),
        ("From=whatsapp%3A%2B15551234567&x=1", "From=whatsapp%3A+155***4567&x=1"),
        ("wa_id 15551234567 unknown", "wa_id 155***4567 unknown"),
        ("call +49 (30) 1234-5678 now", "call +493***5678 now"),
        ("zoe@example.org", "z***@example.org"),
        ("<Zoe.Smith+x@mail.example.org> refused", "<Z***@mail.example.org> refused"),
        ('"POST /api/whatsapp/webhook/fake-key?a=1 HTTP/1.1" 200', '"POST /api/whatsapp/webhook/***?a=1 HTTP/1.1" 200'),
        ("GET /api/slack/webhook/decide/fake-token HTTP/1.1", "GET /api/slack/webhook/*** HTTP/1.1"),
        ("POST /desk/signin/link/fake-token?x=1 HTTP/1.1", "POST /desk/signin/link/***?x=1 HTTP/1.1"),
        (
            "DELETE /api/agents/a/share/Zoe%2Bx%40example.org HTTP/1.1",
            "DELETE /api/agents/a/share/Z***%40example.org HTTP/1.1",
        ),
        ("Authorization: Bearer fake.key-1", "Authorization: Bearer ***"),
        ("Basic ZmFrZTprZXk= refused", "Basic *** refused"),
        ("https://example.org/?auth_token=fake&x=1", "https://example.org/?auth_token=***&x=1"),
        ("""{'auth_token': 'fake key', "x": 1}""", """{'auth_token': "***", "x": 1}"""),
        ("Incorrect API key provided: sk-proj-fake0123456789abcdef.", "Incorrect API key provided: ***."),
        ("gsk_fake0123456789abcdef, xoxb-fake-0123456789ab", "***, ***"),
        ("xapp-1-A0FAKE-0123456789-fake, xwfp-fake-0123456789ab", "***, ***"),
        ("xoxe.xoxp-1-fake0123456789abcdef", "xoxe.***"),
        ("authorization%3A+Bearer%20xoxb-fake-0123456789ab", "authorization%3A+Bearer%20***"),
        ("auth_token%3Dfake%26x and x%2Fxapp-1-A0FAKE-0123456789", "auth_token%3D*** and x%2F***"),
        ("'wss://wss.example/link/?ticket=0cf2d8f2-fake&app_id=1'", "'wss://wss.example/link/?ticket=***&app_id=1'"),
        ("wss://wss.example/link/?app_id=1&ticket=fake", "wss://wss.example/link/?app_id=1&ticket=***"),
        ("Cannot POST /bot7770001:FakeToken-_1/getUpdates", "Cannot POST /bot7770001:***/getUpdates"),
        ("/bot7770001%3AFakeToken/getMe", "/bot7770001%3A***/getMe"),
        (f"token 7770001:{'Fake-_' * 6} refused", "token *** refused"),
        ("https://hooks.slack.com/services/T0FAKE/B0FAKE/fake?x=1", "https://hooks.slack.com/services/***?x=1"),
        ("the key trinity_mcp_fake0123456789-_x is unknown", "the key *** is unknown"),
        ("key=trinity_mcp_fake0123456789abcdef&x=1", "key=***&x=1"),
        ('"trinity_mcp_fake0123456789abcdef"', '"***"'),
        ("bad trinity_mcp_fake0123456789ab, 401", "bad ***, 401"),
        (f"token tc_{'fake-_0123' * 5}: expired", "token ***: expired"),
        ("postgresql+psycopg://user:fake@db:5432/x", "postgresql+psycopg://***@db:5432/x"),
        (
            "[SQL: INSERT]\n[parameters: ('fake', [1, 2])]\n(Background)",
            "[SQL: INSERT]\n[parameters: ***]\n(Background)",
        ),
    ],
)
def test_what_looks_private_is_masked_in_any_text(text: str, masked: str) -> None:
    assert mask_text(text) == masked
    assert mask_text(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2030-01-01T12:00:00.123456+00:00",
        "turn 0b5e9a62-1111-2222-3333-123456789012 took 0.123456789012 s",
        "SM00000000001111111111222222222233 failed with 63016",
        "127.0.0.1:54321 connected",
        "information about /bot7/ and ticket 12; /bots/7770001:x",
        "sha256:0123456789abcdef0123456789abcdef and 12:30:00.000000",
        "trinity_mcp_keys, trinity_mcp_api_key, my_trinity_mcp_servers_of_everyone",
        "tc_agents and tc_0123456789",
        "task-force-0123456789abcdef of sk-lang and risk-assessment-of-everything",
        "TRINITY_CHANNELS_ADMIN_TOKEN: must consist of visible ASCII characters",
    ],
)
def test_what_only_resembles_it_stays_readable(text: str) -> None:
    assert mask_text(text) == text


@given(digits, st.sampled_from(["{}", "to {}", "whatsapp:{}, again {}", "x={}&y", "({})", '"{}"']))
def test_no_international_number_survives(number: str, frame: str) -> None:
    masked = mask_text(frame.replace("{}", "+" + number))

    assert number not in masked
    assert mask_text(masked) == masked


@given(
    st.emails().filter(lambda address: not set("/*") & set(address)), st.sampled_from(["{}", "to {}.", "<{}>", "({})"])
)
def test_of_an_address_one_character_and_the_domain_survive(address: str, frame: str) -> None:
    local, _, domain = address.rpartition("@")

    assert mask_text(frame.replace("{}", address)) == mask_text(frame).replace("{}", f"{local[0]}***@{domain}")


@given(st.text())
def test_masking_twice_is_masking_once(text: str) -> None:
    assert mask_text(mask_text(text)) == mask_text(text)


@pytest.mark.parametrize(
    "name",
    [
        *("token", "auth_token", "Authorization", "password", "secret", "code", "login_code", "body", "text"),
        *("signature", "X-Twilio-Signature", "api_key", "webhook_key", "message_text", "set-cookie"),
    ],
)
def test_fields_with_a_telling_name_are_never_shown(out: io.StringIO, name: str) -> None:
    structlog.get_logger("ours").warning("seen", **{name: "fake-secret", "nested": {"inner": [{name: "fake-secret"}]}})

    assert entry(out)[name] == "***"
    assert "fake-secret" not in out.getvalue()


def test_other_fields_are_shown_masked(out: io.StringIO) -> None:
    structlog.get_logger("ours").warning(
        "seen by zoe@example.org",
        sender="whatsapp:+15551234567",
        people={"zoe@example.org": ("+15551234567",)},
        raw=b"fake-secret",
        held=SecretStr("fake-secret"),
        status_code=404,
        error_code=63016,
        seconds=0.5,
        nothing=None,
    )

    shown = entry(out)
    assert shown["event"] == "seen by z***@example.org"
    assert shown["sender"] == "whatsapp:+155***4567"
    assert shown["people"] == {"z***@example.org": ["+155***4567"]}
    assert shown["raw"] == "<11 bytes>"
    assert (shown["status_code"], shown["error_code"], shown["seconds"], shown["nothing"]) == (404, 63016, 0.5, None)
    assert (shown["logger"], shown["level"]) == ("ours", "warning")
    assert "fake-secret" not in out.getvalue()


def test_exceptions_and_their_causes_are_masked(out: io.StringIO) -> None:
    error = RuntimeError("cannot call +15551234567")
    error.__cause__ = ValueError("no such user zoe@example.org")

    structlog.get_logger("ours").error("failed", exc_info=error)

    trace = entry(out)["exception"]
    assert "ValueError: no such user z***@example.org" in trace
    assert "RuntimeError: cannot call +155***4567" in trace


@pytest.mark.parametrize(
    "name", ["uvicorn.access", "uvicorn.error", "sqlalchemy.engine", "alembic.runtime", "somebody"]
)
def test_libraries_log_through_the_same_masks(name: str) -> None:
    foreign = io.StringIO()
    logging.getLogger("uvicorn").addHandler(logging.StreamHandler(foreign))
    logging.getLogger("uvicorn").propagate = False
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logging("INFO", json=True, stream=stream)

    logging.getLogger(name).warning('%s - "%s %s" %d', "127.0.0.1:1", "POST", "/api/whatsapp/webhook/fake-key", 200)

    root.handlers[:], root.level = handlers, level
    assert entry(stream)["event"] == '127.0.0.1:1 - "POST /api/whatsapp/webhook/***" 200'
    assert entry(stream)["logger"] == name
    assert foreign.getvalue() == ""


@pytest.mark.parametrize("name", ["httpx", "httpcore"])
def test_talkative_clients_are_heard_only_when_they_warn(out: io.StringIO, name: str) -> None:
    logging.getLogger(name).info("HTTP Request: POST https://example.org")
    assert out.getvalue() == ""

    logging.getLogger(name).warning("refused")
    assert entry(out)["event"] == "refused"


def test_the_level_is_respected_and_must_exist(out: io.StringIO) -> None:
    structlog.get_logger("ours").debug("quiet")

    assert out.getvalue() == ""
    with pytest.raises(ValueError, match="LOUD"):
        configure_logging("loud", json=True)


def test_a_terminal_gets_lines_that_are_masked_too(out: io.StringIO) -> None:
    stream = io.StringIO()
    configure_logging("DEBUG", json=False, stream=stream)

    structlog.get_logger("ours").error(
        "failed", token="fake-secret", exc_info=ValueError("no such user zoe@example.org")
    )

    assert "no such user z***@example.org" in stream.getvalue()
    assert "fake-secret" not in stream.getvalue()
    assert out.getvalue() == ""
