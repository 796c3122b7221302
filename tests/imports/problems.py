"""What is wrong with documents: how each is changed, and how the line begins that says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.imports.platform import ZOE

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
    "contacts of another type": (
        lambda given: first(given).update(contacts={"0": person(given)}),
        "bindings[0].contacts: ",
    ),
    "the same agent twice": (
        lambda given: given["bindings"].append(first(given)),
        "bindings[2]: Another row has the same agent and channel.",
    ),
    "the same address twice": (
        lambda given: given["bindings"].append({**first(given), "agent": "sales"}),
        "bindings[2].webhook_secret: Another row has the same webhook_secret; it must be unique.",
    ),
    "the same account twice": (
        lambda given: given["bindings"].append({**first(given), "agent": "sales", "webhook_secret": None}),
        "bindings[2] (sales on Telegram): Another row has the same account. Each agent needs its own.",
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
    "a contact that is a text": (
        lambda given: first(given).update(contacts=[SECRET]),
        "bindings[0].contacts[0]: must be an object.",
    ),
    "a name of a book's length": (
        lambda given: person(given).update(name="Zoe" * 100_000),
        "bindings[0].contacts[0].name: ",
    ),
}
WHOLE = {
    "too many people": (
        lambda given: first(given).update(contacts=[{"address": str(number)} for number in range(1, 10_002)]),
        "contacts: A document may have at most 10000 of them in all.",
    ),
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
}
BESIDE = {
    "a row that is a text": (lambda given: given["bindings"].append(SECRET), "bindings[2]: must be an object."),
    "a row that is null": (lambda given: given["bindings"].append(None), "bindings[2]: must be an object."),
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
}
POLICY = {
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
    "a policy of no agent": (
        lambda given: given["policies"].append({"require_email": True, "open_access": True}),
        "policies[1].agent: is missing.",
    ),
    "a policy that is a text": (lambda given: given["policies"].append(SECRET), "policies[1]: must be an object."),
}
