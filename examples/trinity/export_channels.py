"""Prints what Trinity's own channels have stored, decrypted, as `trinity-channels import-trinity` reads it.

Run it where the backend runs, with its variables, into a pipe:

    python export_channels.py | trinity-channels import-trinity --dry-run

`--agent` prints those of one agent, and may be repeated. An import takes at most 10,000 people, 200 bindings and 1,000
agents; where there are more, `--part` says which of the documents is printed. Slack's are left out: there all agents share
one app, here each agent has its own.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

MOST = 10_000
"""People, policies or shares in one document."""
MOST_BINDINGS = 200
MOST_AGENTS = 400
"""With a policy, and as many with a share: a document may name 1,000 in all."""

Row = dict[str, Any]


def main() -> None:
    """Print the document, or the part of it that was asked for."""
    parser = argparse.ArgumentParser(description="Print the channels of Trinity as a document for import-trinity.")
    parser.add_argument("--agent", action="append", metavar="NAME", help="only this one; may be repeated")
    parser.add_argument("--part", type=int, help="which of several documents, from 1")
    options = parser.parse_args()
    if sys.stdout.isatty():
        sys.exit("The document has decrypted credentials: pass it through a pipe, not to a terminal.")
    keys = ciphers()
    try:
        with create_engine(database(), poolclass=NullPool).connect() as connection:
            documents = parts(connection, keys, options.agent)
    except SQLAlchemyError as error:
        sys.exit(
            f"The backend's database, of DATABASE_URL or TRINITY_DB_PATH, cannot be read ({type(error).__name__})."
        )
    if options.part is None and len(documents) > 1:
        sys.exit(f"There is too much for one import. Print and import each part: --part 1 to --part {len(documents)}.")
    number = 1 if options.part is None else options.part
    if not 1 <= number <= len(documents):
        sys.exit(f"There is no part {number}: the parts are 1 to {len(documents)}.")
    json.dump(documents[number - 1], sys.stdout)


def database() -> str:
    """The backend's database, found as the backend does: a SQLite file unless there is an address."""
    if url := os.environ.get("DATABASE_URL", "").strip():
        return url
    path = Path(os.environ.get("TRINITY_DB_PATH", "/data/trinity.db"))
    # SQLite would make an empty one.
    if not path.is_file():
        sys.exit(
            f"There is no {path}, and DATABASE_URL is missing: run this where the backend runs, with its variables."
        )
    return f"sqlite:///{path}"


def ciphers() -> list[AESGCM]:
    """The backend's keys: the newest, and the former one while that is being replaced."""
    found = []
    for name in ("CREDENTIAL_ENCRYPTION_KEY", "CREDENTIAL_ENCRYPTION_KEY_SECONDARY"):
        try:
            found += [AESGCM(bytes.fromhex(key))] if (key := os.environ.get(name)) else []
        except ValueError:
            sys.exit(f"{name} is not the backend's: it must be 64 hexadecimal digits.")
    return found or sys.exit("CREDENTIAL_ENCRYPTION_KEY is missing: run this with the variables of the backend.")


def parts(connection: Connection, keys: list[AESGCM], only: list[str] | None) -> list[Row]:
    """The documents, of some agents only if they are named."""
    # Deleted agents keep their rows for a while.
    agents = rows(connection, "agent_ownership", "WHERE deleted_at IS NULL")
    if only:
        if unknown := set(only) - {one["agent_name"] for one in agents}:
            sys.exit(f"There is no agent {', '.join(sorted(unknown))}.")
        agents = [one for one in agents if one["agent_name"] in only]
    names = {one["id"]: one["username"] for one in rows(connection, "users")}
    owners = {one["agent_name"]: names.get(one["owner_id"]) for one in agents}
    bindings = [*whatsapp(connection, keys, owners), *telegram(connection, keys, owners)]
    shares = [share(one) for one in rows(connection, "agent_sharing") if one["agent_name"] in owners]
    shares.sort(key=lambda one: str(one["agent"]))
    none: list[Row] = []
    lists = (divided(bindings), slices([policy(one) for one in agents]), slices(shares))
    return [
        {"version": 1, "bindings": some, "policies": policies, "shares": shared}
        for some, policies, shared in zip_longest(*lists, fillvalue=none)
    ]


def divided(bindings: list[Row]) -> list[list[Row]]:
    """The bindings, some for each document; one whose people do not fit is in several, with some of them in each."""
    found: list[list[Row]] = [[]]
    room = MOST
    for binding in bindings:
        contacts = binding["contacts"]
        while True:
            if room == 0 or len(found[-1]) == MOST_BINDINGS:
                found.append([])
                room = MOST
            found[-1].append({**binding, "contacts": contacts[:room]})
            contacts, room = contacts[room:], max(room - len(contacts), 0)
            if not contacts:
                break
    return found


def slices(given: list[Row]) -> list[list[Row]]:
    """The rows, as many for each document as it may have."""
    found: list[list[Row]] = [[]]
    agents: set[str] = set()
    for row in given:
        if len(found[-1]) == MOST or len(agents | {row["agent"]}) > MOST_AGENTS:
            found.append([])
            agents = set()
        found[-1].append(row)
        agents.add(row["agent"])
    return found


def whatsapp(connection: Connection, keys: list[AESGCM], owners: dict[str, str | None]) -> list[Row]:
    """The bindings of WhatsApp."""
    table, links = "whatsapp_bindings", people(connection, "whatsapp_chat_links")
    return [
        {
            "agent": one["agent_name"],
            "owner": owners[one["agent_name"]],
            "channel": "whatsapp",
            "settings": {
                "account_sid": one["account_sid"],
                "auth_token": decrypted(keys, table, one, "auth_token"),
                "from_number": one["from_number"],
                "messaging_service_sid": one["messaging_service_sid"],
            },
            "webhook_secret": one["webhook_secret"],
            "contacts": [
                contact(link, link["wa_user_phone"], link["wa_user_name"], stable=False)
                for link in links.get(one["id"], [])
            ],
        }
        for one in rows(connection, table)
        if one["agent_name"] in owners
    ]


def telegram(connection: Connection, keys: list[AESGCM], owners: dict[str, str | None]) -> list[Row]:
    """The bindings of Telegram."""
    table, links = "telegram_bindings", people(connection, "telegram_chat_links")
    return [
        {
            "agent": one["agent_name"],
            "owner": owners[one["agent_name"]],
            "channel": "telegram",
            "settings": {"bot_token": decrypted(keys, table, one, "bot_token")},
            "webhook_secret": one["webhook_secret"],
            "webhook_token": one["telegram_secret_token"],
            "contacts": [
                contact(link, link["telegram_user_id"], link["telegram_username"], stable=True)
                for link in links.get(one["id"], [])
            ],
        }
        for one in rows(connection, table)
        if one["agent_name"] in owners
    ]


def contact(link: Row, address: str, name: str | None, *, stable: bool) -> Row:
    """A person who wrote."""
    return {
        "address": address,
        "stable": stable,
        "name": name,
        "verified_email": link["verified_email"],
        "verified_at": link["verified_at"] or (link["created_at"] if link["verified_email"] else None),
        "last_active": link["last_active"],
    }


def policy(agent: Row) -> Row:
    """Who may chat with an agent."""
    return {
        "agent": agent["agent_name"],
        "require_email": bool(agent["require_email"]),
        "open_access": bool(agent["open_access"]),
        "group_auth_mode": agent["group_auth_mode"] or "none",
    }


def share(one: Row) -> Row:
    """An e-mail that may use an agent."""
    return {
        "agent": one["agent_name"],
        "email": one["shared_with_email"],
        "allow_proactive": bool(one["allow_proactive"]),
    }


def people(connection: Connection, table: str) -> dict[int, list[Row]]:
    """Those who wrote, by binding."""
    found: dict[int, list[Row]] = {}
    for link in rows(connection, table):
        found.setdefault(link["binding_id"], []).append(link)
    return found


def rows(connection: Connection, table: str, where: str = "") -> list[Row]:
    """All rows of a table, in an order that stays, so that the parts of several runs fit together."""
    statement = text(f"SELECT * FROM {table} {where} ORDER BY id")  # noqa: S608
    return [dict(row) for row in connection.execute(statement).mappings()]


def decrypted(keys: list[AESGCM], table: str, row: Row, name: str) -> str:
    """A secret out of its encrypted record; empty if it cannot be read: the import then leaves the row out."""
    for key in keys:
        try:
            sealed = json.loads(row[f"{name}_encrypted"])
            opened = key.decrypt(base64.b64decode(sealed["nonce"]), base64.b64decode(sealed["ciphertext"]), None)
            return str(json.loads(opened)[name])
        except (InvalidTag, ValueError, TypeError, KeyError):
            continue
    sys.stderr.write(
        f"{table}, id {row['id']} (agent {row['agent_name']}): {name}_encrypted cannot be decrypted with "
        "CREDENTIAL_ENCRYPTION_KEY. Enter the account again in Trinity, or disconnect it there.\n"
    )
    return ""


if __name__ == "__main__":
    main()
