"""Every code that Twilio documents for WhatsApp has a kind and a sentence."""

from __future__ import annotations

import pytest

from trinity_channels.api import FailureKind
from trinity_channels_whatsapp.codes import CODES, failure_of

# https://www.twilio.com/docs/api/errors, those that a WhatsApp sender can meet; kept apart from the table on purpose.
DOCUMENTED = """
20003 20005 20006 20403 20008 20404 20001 20422 20429 20500 20503 21211 21212 21606 21603 21604 21602 21608 21607 21408
21609 21626 21610 21611 21617 21614 21620 21623 21654 21655 21656 21658 21703 21704 21705 21910 14107 11200 11205 11206
11210 11215 11220 11235 11236 11237 11750 12100 12200 12300 11751 30002 30001 63017 30003 30005 30006 30007 30008 30036
30410 30450 57012 63001 63008 63014 63003 63005 63006 63021 63007 63009 63012 63010 63013 63015 63016 63018 63019 63022
63023 63024 63025 63026 63027 63028 63029 63030 63031 63032 63033 63034 63037 63038 63040 63041 63042 63046 63049 63051
63062 63020 63112 20249 20009 21612 35115
20007 21624 30409 35111 35118 35126
""".split()  # noqa: SIM905 - a hundred quoted strings are not a readable list


def test_the_table_is_complete() -> None:
    assert set(CODES) == set(DOCUMENTED)


@pytest.mark.parametrize("code", DOCUMENTED)
def test_a_code_is_explained_in_a_sentence(code: str) -> None:
    failure = failure_of(code)

    assert failure.url == f"https://www.twilio.com/docs/api/errors/{code}"
    assert failure.message[0].isupper()
    assert failure.message.endswith(".")
    assert 20 < len(failure.message) < 130


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("20003", FailureKind.OPERATOR),
        ("20429", FailureKind.LATER),
        ("21211", FailureKind.PERMANENT),
        ("21610", FailureKind.RECIPIENT),
        ("63015", FailureKind.RECIPIENT),
        ("63016", FailureKind.RECIPIENT),
        ("63018", FailureKind.LATER),
        ("63112", FailureKind.OPERATOR),
    ],
)
def test_who_can_act(code: str, kind: FailureKind) -> None:
    assert failure_of(code).kind is kind


def test_an_opt_out_that_only_twilio_knows_is_one() -> None:
    assert {code for code in DOCUMENTED if failure_of(code).opted_out} == {"21610", "63014", "63033"}


def test_an_unknown_code_keeps_its_number_and_page() -> None:
    failure = failure_of("99999")

    assert (failure.code, failure.kind) == ("99999", FailureKind.PERMANENT)
    assert failure.url == "https://www.twilio.com/docs/api/errors/99999"


@pytest.mark.parametrize("code", ["", "0", "null", "٣", "9" * 5000])
def test_no_code_is_said_so(code: str) -> None:
    failure = failure_of(code)

    assert (failure.code, failure.url) == ("", "")
    assert "no reason" in failure.message


def test_an_http_status_is_no_code_of_twilios() -> None:
    failure = failure_of("403")

    assert (failure.code, failure.kind, failure.url) == ("403", FailureKind.OPERATOR, "")
