"""What pytest makes of a contract: exemptions, the report and its tiers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from trinity_channels_contract_tests import CHECKS
from trinity_channels_contract_tests.tiers import Outcome, tier_of

pytest_plugins = ["pytester"]

CONTRACT = """
from trinity_channels_contract_tests import ChannelContract
from trinity_channels_contract_tests.echo import Echo, ListeningEcho

class SignsNoBody(Echo):
    def signed(self, url, stamp, body):
        return f"{{url}} {{stamp}}".encode()

class LosesCaptions(Echo):
    def message(self, row):
        return super().message({{**row, "text": ""}} if row["files"] else row)

class TestIt(ChannelContract):
    channel = "echo"
    plugin = {plugin}()
    exempt = {exempt}
"""
EXEMPT = {"test_a_changed_body_is_refused": "Echo signs no bodies: https://echo.example/docs/signatures"}
Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a contract in a pytest of its own."""
    # To look through all that is installed takes longer than most of these runs.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(*options: str, plugin: str = "Echo", exempt: dict[str, str] | None = None) -> pytest.RunResult:
        pytester.makepyfile(CONTRACT.format(plugin=plugin, exempt=exempt or {}))
        kit = ("-p", "trinity_channels_contract_tests.plugin", "-p", "no:asyncio", "-W", "error")
        return pytester.runpytest_inprocess(*kit, *options)

    return run


def test_a_report_names_every_check(run: Run, tmp_path: Path) -> None:
    result = run(f"--channel-report=json:{tmp_path / 'report.json'}", "-k", "tries_once")

    result.assert_outcomes(passed=1, deselected=len(CHECKS) - 1)
    told = json.loads((tmp_path / "report.json").read_text())["channels"]["echo"]
    assert told["checks"].keys() == CHECKS.keys()
    assert told["checks"]["test_it_tries_once"] == {"area": "sending", "outcome": "kept", "reason": ""}


def test_a_channel_without_webhooks_is_heard_by_listening(run: Run, tmp_path: Path) -> None:
    result = run(f"--channel-report=json:{tmp_path / 'report.json'}", plugin="ListeningEcho")

    told = json.loads((tmp_path / "report.json").read_text())["channels"]["echo"]
    assert "failed" not in result.parseoutcomes()
    assert told["tier"] == "platinum"
    skipped = {name: one for name, one in told["checks"].items() if one["outcome"] == "not applicable"}
    assert {one["reason"] for one in skipped.values()} == {
        "the channel has no webhooks",
        "capability register_webhook is not declared",
        "capability unregister_webhook is not declared",
    }
    about_requests = {name for name, group in CHECKS.items() if group.area in {"authenticity", "reading"}}
    assert {name for name in skipped if name not in about_requests} == {
        "test_a_webhook_elsewhere_is_not_ok",
        "test_no_webhook_is_a_finding",
        "test_a_refused_registration_is_told",
        "test_a_repeated_webhook_has_the_same_id",
        "test_the_webhook_is_registered",
        "test_another_webhook_is_named",
        "test_registering_says_if_the_provider_is_down",
        "test_the_webhook_is_taken_back",
        "test_another_webhook_is_left_alone",
        "test_what_waits_is_not_dropped",
        "test_taking_back_is_harmless",
    }
    assert about_requests <= skipped.keys()


def test_an_honest_channel_reaches_platinum() -> None:
    # That Echo keeps them all is what `TestEcho` shows.
    assert tier_of(dict.fromkeys(CHECKS, Outcome.KEPT)) == "platinum"


def test_a_failure_says_what_to_look_at(run: Run) -> None:
    result = run("--channel-report=md", "-k", "changed_body or tries", plugin="SignsNoBody")

    result.assert_outcomes(passed=1, failed=1, deselected=len(CHECKS) - 2)
    result.stdout.fnmatch_lines(
        [
            "*A body that was changed after it was signed is a `SignatureError`.",
            "*seen:    body with another text: it was accepted*",
            "*look at: receive",
            "*fix:     Compare the signature over the raw body*",
            "## echo: none",
            "| authenticity | a changed body is refused | [*][*]broken[*][*] |*",
        ]
    )


def test_an_exemption_is_an_expected_failure(run: Run) -> None:
    result = run("--channel-report=md", "-k", "changed_body", plugin="SignsNoBody", exempt=EXEMPT)

    result.assert_outcomes(xfailed=1, deselected=len(CHECKS) - 1)
    result.stdout.fnmatch_lines(["*| exempt | Echo signs no bodies: https://echo.example/*"])


def test_an_exemption_that_is_not_needed_is_a_failure(run: Run) -> None:
    run("-k", "changed_body or tries", exempt=EXEMPT).assert_outcomes(passed=1, failed=1, deselected=len(CHECKS) - 2)


ASPECTS = {
    "needed": ("LosesCaptions", "caption", "*| kept but for | caption: Echo has no captions |*"),
    "not needed": ("Echo", "caption", "*[[]caption[]] is kept, so its exemption is not needed*"),
    "unknown": ("Echo", "colour", "*[[]colour[]] is exempt, and the check's aspects are: caption*"),
    "another": ("LosesCaptions", "colour", "*`test_a_file_is_an_attachment[[]caption[]]` can be exempted alone*"),
}


@pytest.mark.parametrize(("plugin", "aspect", "line"), ASPECTS.values(), ids=ASPECTS)
def test_one_aspect_of_a_check_can_be_exempt(run: Run, plugin: str, aspect: str, line: str) -> None:
    exempt = {f"test_a_file_is_an_attachment[{aspect}]": "Echo has no captions"}

    result = run("--channel-report=md", "-k", "a_file_is", plugin=plugin, exempt=exempt)

    result.stdout.fnmatch_lines([line])


def test_a_mark_that_hides_checks_is_a_usage_error(run: Run, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "import pytest\n"
        "def pytest_itemcollected(item):\n"
        "    if 'tries' in item.name:\n"
        "        item.add_marker(pytest.mark.skip(reason='flaky'))\n"
    )

    result = run()

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*test_it_tries_once is marked skip; use `exempt`*"])


def test_what_was_not_run_is_not_proven(run: Run) -> None:
    result = run("--channel-report=md", "-k", "sending or arrives")

    result.stdout.fnmatch_lines(["## echo: none", "*| not run |*"])


def test_an_unknown_format_is_a_usage_error(run: Run) -> None:
    result = run("--channel-report=xml")

    assert result.ret is pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*takes json or md*"])


def test_the_kit_is_silent_without_a_contract(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_something(record_property): pass")

    result = pytester.runpytest_inprocess("-p", "trinity_channels_contract_tests.plugin", "-p", "no:asyncio")

    result.assert_outcomes(passed=1)
    assert "channel report" not in result.stdout.str()


@pytest.mark.parametrize(
    ("broken", "tier"),
    [
        ("test_it_tries_once", "bronze"),
        ("test_a_taken_message_is_found", "silver"),
        ("test_missed_messages_are_listed", "gold"),
        ("test_a_changed_body_is_refused", "none"),
    ],
)
def test_a_broken_promise_caps_the_tier(broken: str, tier: str) -> None:
    assert tier_of({check: Outcome.BROKEN if check == broken else Outcome.KEPT for check in CHECKS}) == tier


def test_an_exemption_caps_the_tier_at_gold() -> None:
    assert tier_of(dict.fromkeys(CHECKS, Outcome.KEPT) | dict.fromkeys(EXEMPT, Outcome.EXEMPT)) == "gold"


def test_gold_needs_what_silver_may_leave_out() -> None:
    left_out = {check: Outcome.NOT_APPLICABLE for check, group in CHECKS.items() if group.area == "find_sent"}

    assert tier_of(dict.fromkeys(CHECKS, Outcome.KEPT) | left_out) == "silver"


@pytest.mark.parametrize(
    ("receipts", "exempt", "tier"),
    [
        (Outcome.NOT_APPLICABLE, Outcome.KEPT, "silver"),  # the plugin could have them
        (Outcome.IMPOSSIBLE, Outcome.KEPT, "platinum"),
        (Outcome.IMPOSSIBLE, Outcome.IN_PART, "gold"),
    ],
)
def test_receipts_that_the_provider_does_not_have_are_not_missed(receipts: Outcome, exempt: Outcome, tier: str) -> None:
    special = {"test_receipts_do_not_go_back": receipts, "test_a_file_is_an_attachment": exempt}

    assert tier_of(dict.fromkeys(CHECKS, Outcome.KEPT) | special) == tier


def test_gold_takes_a_provider_that_recognises_repeats() -> None:
    left_out = {"test_a_taken_message_is_found": Outcome.NOT_APPLICABLE}

    assert tier_of(dict.fromkeys(CHECKS, Outcome.KEPT) | left_out) == "platinum"
