"""What cannot be imported: every row is named with what to do, nothing of it is repeated, and the others are imported."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.channels.net import Net
from tests.cli.conftest import Terminal
from tests.imports.platform import KEYS, PATH, TOKEN, ZOE, binding, contact, document, moved, rows
from tests.imports.problems import BESIDE, BINDING, PEOPLE, POLICY, SECRET, WHOLE, Change, first, person
from trinity_channels.web.import_api import MOST_BYTES


@pytest.fixture
def given(served: Net) -> dict[str, Any]:
    """A document with two bindings; the second one has no problem."""
    return document(
        binding(served, "telegram", contact(served, "telegram", "Zoe")),
        binding(served, "slack", agent="sales"),
        policies=[{"agent": "sales", "require_email": True, "open_access": True}],
        shares=[{"agent": "sales", "email": ZOE}],
    )


async def connected(net: Net) -> list[str]:
    """What is connected of the two."""
    paths = "support/telegram", "sales/slack"
    return [one for one in paths if (await net.api("GET", f"/api/agents/{one}")).json()["configured"]]


async def told_about(terminal: Terminal, given: dict[str, Any], told: str) -> Any:
    """What the command says, which must name the row and repeat no secret."""
    done = await moved(terminal, given)

    assert done.exit_code == 1
    assert "Traceback" not in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith(told)] != [], done.stderr
    assert [one for one in (SECRET, KEYS["telegram"], TOKEN) if one in done.output] == []
    return done


@pytest.mark.parametrize(("change", "told"), WHOLE.values(), ids=WHOLE)
async def test_nothing_is_written_of_a_document_that_is_wrong(
    terminal: Terminal, served: Net, given: dict[str, Any], change: Change, told: str
) -> None:
    change(given)
    before = rows(served)

    done = await told_about(terminal, given, told)

    assert (done.stdout, rows(served)) == ("", before)


@pytest.mark.parametrize(("change", "told"), [*BINDING.values(), *POLICY.values()], ids=[*BINDING, *POLICY])
async def test_a_binding_is_left_out_and_named(
    terminal: Terminal, served: Net, given: dict[str, Any], change: Change, told: str
) -> None:
    change(given)

    done = await told_about(terminal, given, told)

    assert await connected(served) == ["sales/slack"]
    assert "sales on slack is taken over" in done.stdout
    assert "These rows were left out. Change them and import again:" in done.stderr


@pytest.mark.parametrize(("change", "told"), [*PEOPLE.values(), *BESIDE.values()], ids=[*PEOPLE, *BESIDE])
async def test_what_does_not_concern_a_binding_is_left_out_without_it(
    terminal: Terminal, served: Net, given: dict[str, Any], change: Change, told: str
) -> None:
    change(given)

    await told_about(terminal, given, told)

    assert await connected(served) == ["support/telegram", "sales/slack"]
    known = len((await served.api("GET", "/api/agents/support/clients")).json())
    assert known == (0 if (change, told) in PEOPLE.values() else 1)


async def test_what_was_left_out_is_imported_once_it_is_right(
    terminal: Terminal, served: Net, given: dict[str, Any]
) -> None:
    right = copy.deepcopy(given)
    first(given)["settings"] = {}
    await told_about(terminal, given, "bindings[0].settings: ")

    again = await moved(terminal, right)

    assert again.exit_code == 0
    assert "support on telegram is taken over: 1 person added, 1 of them signed in." in again.stdout
    assert "sales on slack is here already" in again.stdout
    assert await connected(served) == ["support/telegram", "sales/slack"]


async def test_nothing_is_taken_of_an_agent_that_may_be_another_one(terminal: Terminal, served: Net) -> None:
    given = document(
        binding(served, "telegram", owner="someone@example.org"),
        binding(served, "slack"),
        policies=[{"agent": "support", "require_email": False, "open_access": True}],
        shares=[{"agent": "support", "email": ZOE}],
    )
    before = rows(served)

    done = await told_about(terminal, given, "bindings[1].owner: Here the agent belongs to someone else")

    assert (done.stdout, rows(served)) == ("", before)


async def test_a_dry_run_says_what_would_be_left_out(terminal: Terminal, served: Net, given: dict[str, Any]) -> None:
    first(given)["settings"] = {}
    before = rows(served)

    done = await moved(terminal, given, "--dry-run")

    assert done.exit_code == 1
    assert "sales on slack would be taken over" in done.stdout
    assert "bindings[0].settings: bot_token is missing." in done.stderr
    assert rows(served) == before


PLACES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "The document": lambda given: given,
    "bindings[0]": first,
    "bindings[0].settings": lambda given: first(given)["settings"],
    "bindings[0].contacts[0]": person,
    "policies[0]": lambda given: given["policies"][0],
    "shares[0]": lambda given: given["shares"][0],
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "name",
    ["123456:" + SECRET, SECRET, SECRET.upper() * 50, f" {SECRET} ", f"x\u001b[31m{SECRET}", f"settings.{SECRET}", ""],
)
async def test_the_name_of_an_unknown_field_is_not_quoted(
    terminal: Terminal, served: Net, place: str, name: str
) -> None:
    given = document(
        binding(served, "telegram", contact(served, "telegram", "Zoe")),
        policies=[{"agent": "support", "require_email": True, "open_access": True}],
        shares=[{"agent": "support", "email": ZOE}],
    )
    PLACES[place](given)[name] = 1
    PLACES[place](given)[f"{name}2"] = 1

    done = await moved(terminal, given)
    answer = await served.api("POST", PATH, given)

    told = [line for line in done.stderr.splitlines()[1:] if line]
    # Without its policy, the agent is left out, too.
    assert len(told) == (2 if place == "policies[0]" else 1), done.stderr
    assert told[0].startswith(f"{place}: There is an unknown field. Known are: ")
    assert SECRET not in (done.output + answer.text).lower()


async def test_all_problems_are_told_at_once(terminal: Terminal, served: Net) -> None:
    given = document(binding(served, "telegram", contact(served, "telegram", "Zoe")))
    first(given)["settings"] = {}
    person(given)["address"] = "x"
    given["shares"] = [{"agent": "support", "email": f"{number}"} for number in range(150)]

    done = await moved(terminal, given)
    answer = await served.api("POST", PATH, given)

    lines = done.stderr.splitlines()
    assert lines[0] == "Nothing was imported. Change these rows, or leave them out, and try again:"
    assert [line.partition(": ")[0] for line in lines[1:4]] == [f"shares[{number}].email" for number in range(3)]
    assert lines[-1] == "and 52 more"
    assert (answer.status_code, answer.json()["code"]) == (422, "import_refused")
    assert answer.json()["problems"] == lines[1:]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Standard input is not valid JSON: line 1, column 1."),
        ('{"version": 1,\n "fake-secret', "Standard input is not valid JSON: line 2, column 2."),
        ("[]", "Standard input must hold a JSON object."),
        ("null", "Standard input must hold a JSON object."),
        ("[" * 100_000, "Standard input is not valid JSON."),
        ("\ud800", "Standard input is not valid JSON: line 1, column 1."),
        ('{"version": ' + "1" * 10_000 + "}", "Standard input is not valid JSON."),
        ('{"version": NaN}', "Standard input is not valid JSON."),
        ('{"version": 1, "bindings": ["\\ud800"]}', "Standard input is not valid JSON."),
    ],
)
async def test_what_is_no_document_is_refused_without_being_repeated(
    terminal: Terminal, served: Net, text: str, told: str
) -> None:
    before = rows(served)

    done = await terminal.beside("import-trinity", given=text.encode("utf-8", "surrogatepass"))

    assert done.exit_code == 1
    assert told in done.stderr
    assert "fake-secret" not in done.output
    assert rows(served) == before


async def test_a_file_that_cannot_be_read_is_named(terminal: Terminal, served: Net) -> None:
    missing = await terminal.beside("import-trinity", str(terminal.folder / "missing.json"))
    folder = await terminal.beside("import-trinity", str(terminal.folder))

    assert served.host
    assert (missing.exit_code, folder.exit_code) == (1, 1)
    assert missing.stderr.endswith("missing.json cannot be read: No such file or directory.\n")
    assert "cannot be read: Is a directory." in folder.stderr


async def test_a_document_that_is_too_large_is_refused_before_it_is_read(served: Net) -> None:
    answer = await served.api("POST", PATH, {"version": 1, "bindings": ["x" * MOST_BYTES]})

    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
