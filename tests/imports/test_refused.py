"""What cannot be imported: every row is named with what to do, nothing of it is repeated, and nothing at all is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.channels.net import Net
from tests.cli.conftest import Terminal
from tests.imports.platform import KEYS, PATH, TOKEN, ZOE, binding, contact, document, moved, rows
from trinity_channels.web.import_api import MOST_BYTES

Change = Callable[[dict[str, Any]], object]
SECRET = "fake-secret-in-the-wrong-place"


def first(given: dict[str, Any]) -> Any:
    """The binding."""
    return given["bindings"][0]


def person(given: dict[str, Any]) -> Any:
    """Its contact."""
    return first(given)["contacts"][0]


def at(address: str) -> Change:
    """Give the contact another address."""
    return lambda given: person(given).update(address=address)


BINDING = {
    "no agent of that name": (
        lambda given: first(given).update(agent=SECRET),
        "bindings[0].agent: There is no such agent here.",
    ),
    "no agent of that name, and an account that the provider refuses": (
        lambda given: first(given).update(agent=SECRET, settings={"bot_token": "1234:" + SECRET}),
        "bindings[0].agent: There is no such agent here.",
    ),
    "no name": (lambda given: first(given).update(agent=""), "bindings[0].agent: "),
    "a name of another type": (lambda given: first(given).update(agent=["support"]), "bindings[0].agent: "),
    "a name of a path": (lambda given: first(given).update(agent="../support"), "bindings[0].agent: There is no such"),
    "another letter case": (lambda given: first(given).update(agent="Support"), "bindings[0].agent: There is no such"),
    "another owner's agent": (
        lambda given: first(given).update(owner="someone@example.org"),
        "bindings[0].owner: Here the agent belongs to someone else",
    ),
    "no channel of that name": (
        lambda given: first(given).update(channel=SECRET),
        "bindings[0].channel: There is no such channel here. Installed channels: ",
    ),
    "a channel of another type": (lambda given: first(given).update(channel=7), "bindings[0].channel: "),
    "no channel": (lambda given: first(given).pop("channel"), "bindings[0].channel: is missing."),
    "no credentials": (
        lambda given: first(given)["settings"].pop("bot_token"),
        "bindings[0].settings: bot_token is missing.",
    ),
    "no settings": (lambda given: first(given).pop("settings"), "bindings[0].settings: is missing."),
    "settings of another type": (lambda given: first(given).update(settings=SECRET), "bindings[0].settings: "),
    "credentials of another type": (
        lambda given: first(given)["settings"].update(bot_token={"a": SECRET}),
        "bindings[0].settings: ",
    ),
    "credentials that are null": (
        lambda given: first(given)["settings"].update(bot_token=None),
        "bindings[0].settings: ",
    ),
    "credentials that are still encrypted": (
        lambda given: first(given)["settings"].update(bot_token='{"version": 1, "ciphertext": "ZmFrZQ=="}'),
        "bindings[0].settings: The bot token is a number, a colon and",
    ),
    "a column that is not a setting": (
        lambda given: first(given)["settings"].update(bot_token_encrypted=SECRET),
        "bindings[0].settings: There is an unknown field. Known are: bot_token.",
    ),
    "credentials that the provider refuses": (
        lambda given: first(given)["settings"].update(bot_token="1234:" + SECRET),
        "bindings[0] (support on Telegram): ",
    ),
    "a column that is no field": (
        lambda given: first(given).update(bot_username="simulated_bot"),
        "bindings[0]: There is an unknown field. Known are: agent, owner, channel, settings, webhook_secret,",
    ),
    "a short webhook secret": (
        lambda given: first(given).update(webhook_secret="test"),
        "bindings[0].webhook_secret: ",
    ),
    "a webhook secret of another type": (
        lambda given: first(given).update(webhook_secret=123456789012345678),
        "bindings[0].webhook_secret: ",
    ),
    "a webhook secret of two path segments": (
        lambda given: first(given).update(webhook_secret=f"{SECRET}/{SECRET}"),
        "bindings[0].webhook_secret: must be 16 to 200 letters",
    ),
    "a webhook secret with a blank": (
        lambda given: first(given).update(webhook_secret=f"{SECRET} {SECRET}"),
        "bindings[0].webhook_secret: must be 16 to 200 letters",
    ),
    "a whole webhook address": (
        lambda given: first(given).update(webhook_secret=f"https://chat.example.org/{SECRET}"),
        "bindings[0].webhook_secret: must be 16 to 200 letters",
    ),
    "a header's secret with a line end": (
        lambda given: first(given).update(webhook_token=f"{SECRET}\r\nx: y"),
        "bindings[0].webhook_token: must be 1 to 256",
    ),
    "an empty header's secret": (lambda given: first(given).update(webhook_token=""), "bindings[0].webhook_token: "),
    "a row that is a text": (lambda given: given["bindings"].append(SECRET), "bindings[1]: must be an object."),
    "a row that is null": (lambda given: given["bindings"].append(None), "bindings[1]: must be an object."),
    "the same agent twice": (
        lambda given: given["bindings"].append(first(given)),
        "bindings[1]: Another row has the same agent and channel.",
    ),
    "the same address twice": (
        lambda given: given["bindings"].append({**first(given), "agent": "sales"}),
        "bindings[1].webhook_secret: Another row has the same webhook_secret; it must be unique.",
    ),
    "the same account twice": (
        lambda given: given["bindings"].append({**first(given), "agent": "sales", "webhook_secret": None}),
        "bindings[1] (sales on Telegram): This account belongs to another agent, either here or in another row.",
    ),
}
PEOPLE = {
    "an address of another channel": (
        lambda given: person(given).update(address="whatsapp:+12025550143"),
        "bindings[0].contacts[0].address: is not the address of a person on Telegram",
    ),
    "an address of another type": (
        lambda given: person(given).update(address=12025550143),
        "bindings[0].contacts[0].address: ",
    ),
    "an address with something behind it": (
        lambda given: person(given).update(address="5550001\n"),
        "bindings[0].contacts[0].address: is not the address of a person",
    ),
    **{
        f"an address of {what}": (
            at(address),
            "bindings[0].contacts[0].address: is not the address of a person on Telegram, such as 123456789.",
        )
        for what, address in {
            "a group": "-5550001",
            "a supergroup": "-1009990001",
            "a topic": "-1009990001/30",
            "a topic of a direct chat": "5550001/30",
            "a user name": "@zoe",
            "zero": "0",
        }.items()
    },
    "no address": (lambda given: person(given).pop("address"), "bindings[0].contacts[0].address: is missing."),
    "the same person twice": (
        lambda given: first(given)["contacts"].append(person(given)),
        "bindings[0].contacts[1].address: is listed twice in this binding.",
    ),
    "an e-mail that is none": (
        lambda given: person(given).update(verified_email=SECRET),
        "bindings[0].contacts[0].verified_email: must be an e-mail address",
    ),
    "an e-mail without its age": (
        lambda given: person(given).update(verified_at=None),
        "bindings[0].contacts[0].verified_at: is missing: since when",
    ),
    "an age that is a number": (
        lambda given: person(given).update(verified_at=1772442000),
        "bindings[0].contacts[0].verified_at: must be a text such as 2026-03-02T09:00:00Z",
    ),
    "an age that is no time": (
        lambda given: person(given).update(verified_at="yesterday"),
        "bindings[0].contacts[0].verified_at: ",
    ),
    "an age in the future": (
        lambda given: person(given).update(verified_at="2027-01-01T00:00:00Z"),
        "bindings[0].contacts[0].verified_at: is in the future.",
    ),
    "an age of year 1": (
        lambda given: person(given).update(verified_at="0001-01-01T00:00:00Z"),
        "bindings[0].contacts[0].verified_at: is before the year 2000.",
    ),
    "a last message in the future": (
        lambda given: person(given).update(last_active="9999-12-31T23:59:59Z"),
        "bindings[0].contacts[0].last_active: is in the future.",
    ),
    "a misspelled field": (
        lambda given: person(given).update(verified_emial=ZOE),
        "bindings[0].contacts[0]: There is an unknown field. Known are: address, stable, name, ",
    ),
    "contacts of another type": (
        lambda given: first(given).update(contacts={"0": person(given)}),
        "bindings[0].contacts: ",
    ),
    "a contact that is a text": (
        lambda given: first(given).update(contacts=[SECRET]),
        "bindings[0].contacts[0]: must be an object.",
    ),
    "a name of a book's length": (
        lambda given: person(given).update(name="Zoe" * 100_000),
        "bindings[0].contacts[0].name: ",
    ),
    "too many people": (
        lambda given: first(given).update(contacts=[{"address": str(number)} for number in range(1, 10_002)]),
        "contacts: A document may have at most 10000 of them in all.",
    ),
}
REST = {
    "no version": (lambda given: given.pop("version"), "version: must be 1"),
    "another version": (lambda given: given.update(version=2), "version: must be 1"),
    "a version that is true": (lambda given: given.update(version=True), "version: must be 1"),
    "a version that is a text": (lambda given: given.update(version="1"), "version: must be 1"),
    "bindings that are no list": (lambda given: given.update(bindings={}), "bindings: must be a list."),
    "too many bindings": (
        lambda given: given.update(bindings=[{}] * 201),
        "bindings: A document may have at most 200 of them. Import the others with a second document.",
    ),
    "too many shares": (
        lambda given: given.update(shares=[{}] * 10_001),
        "shares: A document may have at most 10000 of them.",
    ),
    "too many agents": (
        lambda given: given.update(shares=[{"agent": f"agent-{one}", "email": ZOE} for one in range(1_001)]),
        "agents: A document may name at most 1000.",
    ),
    "shares that are null": (lambda given: given.update(shares=None), "shares: must be a list."),
    "another table": (
        lambda given: given.update(whatsapp_bindings=[]),
        "The document: There is an unknown field. Known are: version, bindings, policies, shares.",
    ),
    "a share of no agent": (
        lambda given: given.update(shares=[{"agent": "nobody", "email": ZOE}]),
        "shares[0].agent: There is no such agent here.",
    ),
    "a share of no e-mail": (
        lambda given: given.update(shares=[{"agent": "support", "email": SECRET}]),
        "shares[0].email: must be an e-mail address",
    ),
    "a share in two spellings": (
        lambda given: given.update(shares=[{"agent": "support", "email": one} for one in (ZOE, ZOE.upper())]),
        "shares[1]: Another row has the same agent and e-mail.",
    ),
    "consent that is a text": (
        lambda given: given.update(shares=[{"agent": "support", "email": ZOE, "allow_proactive": SECRET}]),
        "shares[0].allow_proactive: ",
    ),
    "a policy without one of its booleans": (
        lambda given: given.update(policies=[{"agent": "support", "require_email": True}]),
        "policies[0].open_access: is missing.",
    ),
    "a policy for groups that is unknown": (
        lambda given: given.update(
            policies=[{"agent": "support", "require_email": True, "open_access": True, "group_auth_mode": SECRET}]
        ),
        "policies[0].group_auth_mode: ",
    ),
    "two policies": (
        lambda given: given.update(policies=[{"agent": "support", "require_email": True, "open_access": True}] * 2),
        "policies[1]: Another row has the same agent.",
    ),
}


@pytest.mark.parametrize(("change", "told"), [*BINDING.values(), *PEOPLE.values(), *REST.values()],
                         ids=[*BINDING, *PEOPLE, *REST])  # fmt: skip
async def test_nothing_is_written_and_the_row_is_named(
    terminal: Terminal, served: Net, change: Change, told: str
) -> None:
    given = document(
        binding(served, "telegram", contact(served, "telegram", "Zoe")),
        policies=[{"agent": "my-agent", "require_email": True, "open_access": True}],
        shares=[{"agent": "my-agent", "email": ZOE}],
    )
    change(given)
    before = rows(served)

    done = await moved(terminal, given)

    assert (done.exit_code, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith(told)] != [], done.stderr
    assert [one for one in (SECRET, KEYS["telegram"], TOKEN) if one in done.output] == []
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
        policies=[{"agent": "my-agent", "require_email": True, "open_access": True}],
        shares=[{"agent": "my-agent", "email": ZOE}],
    )
    PLACES[place](given)[name] = 1
    PLACES[place](given)[f"{name}2"] = 1

    done = await moved(terminal, given)
    answer = await served.api("POST", PATH, given)

    told = [line for line in done.stderr.splitlines()[1:] if line]
    assert len(told) == 1, done.stderr
    assert told[0].startswith(f"{place}: There is an unknown field. Known are: ")
    assert SECRET not in (done.output + answer.text).lower()


async def test_all_problems_are_told_at_once(terminal: Terminal, served: Net) -> None:
    given = document(binding(served, "telegram", contact(served, "telegram", "Zoe")), version=3)
    first(given)["settings"] = {}
    person(given)["address"] = "x"
    given["shares"] = [{"agent": "support", "email": f"{number}"} for number in range(150)]

    done = await moved(terminal, given)
    answer = await served.api("POST", PATH, given)

    lines = done.stderr.splitlines()
    assert lines[0] == "Nothing was imported. Change these rows, or leave them out, and try again:"
    assert [line.partition(": ")[0] for line in lines[1:4]] == ["version", "shares[0].email", "shares[1].email"]
    assert lines[-1] == "and 53 more"
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
