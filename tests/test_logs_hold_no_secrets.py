"""The log of this very test run holds no token, code, body, full number or e-mail. Runs last; see `log_watch`."""

from __future__ import annotations

import io

import pytest
import structlog

from tests import log_watch
from tests.log_watch import Secrets
from tests.world import ADMIN, OWNER, World
from trinity_channels.mail.port import Mail
from trinity_channels.observability.log import configure_logging

BODY = "my account is overdrawn"
SECRETS = Secrets(
    tokens={"feedface0001"}, codes={"271828"}, bodies={BODY}, numbers={"15550001234"}, emails={"zoe@example.org"}
)


@pytest.mark.parametrize(
    ("kind", "entry"),
    [
        ("token", {"remark": "feedface0001"}),
        ("token", {"request": {"headers": ["x feedface0001"]}}),
        ("code", {"remark": "the code is 271828"}),
        ("body", {"remark": BODY}),
        ("body", {"words": [f"he said: {BODY}"]}),
    ],
)
def test_the_comparison_finds_what_the_masks_let_through(kind: str, entry: dict[str, object]) -> None:
    assert [leak.split()[0] for leak in SECRETS.found_in(logged(**entry))] == [kind]


@pytest.mark.parametrize("secret", ["15550001234", "zoe@example.org"])
def test_the_comparison_would_find_numbers_and_addresses(secret: str) -> None:
    assert SECRETS.found_in(f'{{"event": "unmasked {secret}"}}')


def test_the_comparison_is_silent_about_what_is_masked() -> None:
    entry = {
        "body": BODY,
        "code": "271828",
        "auth_token": "feedface0001",
        "to": "+15550001234",
        "who": "zoe@example.org",
    }
    assert SECRETS.found_in(logged(**entry)) == []


def logged(**entry: object) -> str:
    stream = io.StringIO()
    configure_logging("INFO", json=True, stream=stream)
    structlog.get_logger("a test").info("something", **entry)
    return stream.getvalue()


async def test_secrets_are_noted_where_they_are_made(world: World, pytestconfig: pytest.Config) -> None:
    zoe = world.person("Zoe")
    await zoe.says("nobody else may read this")
    await zoe.says("/login zoe.noted@example.org")
    await world.mails.send(Mail(to="max.noted@example.org", subject="A code", text="Your code is 161803."))

    known = pytestconfig.stash[log_watch.KEY].secrets
    assert "nobody else may read this" in known.bodies
    assert {"zoe.noted@example.org", "max.noted@example.org"} <= known.emails
    assert {"161803", world.code("zoe.noted@example.org")} <= known.codes
    assert zoe.phone.number.removeprefix("+") in known.numbers
    assert world.twilio.account.token in known.tokens


def test_the_log_of_this_run_holds_no_secret(pytestconfig: pytest.Config) -> None:
    watch = pytestconfig.stash[log_watch.KEY]
    log = watch.log()
    assert log, "nothing was logged, so nothing was compared"
    assert log_watch.fixed(watch.secrets, tokens=[ADMIN], emails=[OWNER]).found_in(log) == []
