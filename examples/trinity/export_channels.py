"""Prints what Trinity's own channels have stored, decrypted, as `trinity-channels import-trinity` reads it.

Run it where the backend runs, with its variables DATABASE_URL and CREDENTIAL_ENCRYPTION_KEY, into a pipe:

    python export_channels.py | trinity-channels import-trinity --dry-run

Slack's are left out: there all agents share one app, here each agent has its own.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, create_engine, text

Row = dict[str, Any]


def main() -> None:
    """Print the document."""
    engine = create_engine(os.environ["DATABASE_URL"])
    cipher = AESGCM(bytes.fromhex(os.environ["CREDENTIAL_ENCRYPTION_KEY"]))
    with engine.connect() as connection:
        agents = rows(connection, "agent_ownership", "WHERE deleted_at IS NULL")
        names = {one["agent_name"] for one in agents}
        document = {
            "version": 1,
            "bindings": [
                one
                for one in [*whatsapp(connection, cipher), *telegram(connection, cipher)]
                # Deleted agents keep their rows for a while.
                if one["agent"] in names
            ],
            "policies": [policy(one) for one in agents],
            "shares": [
                {
                    "agent": one["agent_name"],
                    "email": one["shared_with_email"],
                    "allow_proactive": bool(one["allow_proactive"]),
                }
                for one in rows(connection, "agent_sharing")
                if one["agent_name"] in names
            ],
        }
    json.dump(document, sys.stdout)


def whatsapp(connection: Connection, cipher: AESGCM) -> list[Row]:
    """The bindings of WhatsApp."""
    links = rows(connection, "whatsapp_chat_links")
    return [
        {
            "agent": one["agent_name"],
            "channel": "whatsapp",
            "settings": {
                "account_sid": one["account_sid"],
                "auth_token": decrypted(cipher, one["auth_token_encrypted"], "auth_token"),
                "from_number": one["from_number"],
                "messaging_service_sid": one["messaging_service_sid"],
            },
            "webhook_secret": one["webhook_secret"],
            "contacts": [
                contact(link, link["wa_user_phone"], link["wa_user_name"], stable=False)
                for link in links
                if link["binding_id"] == one["id"]
            ],
        }
        for one in rows(connection, "whatsapp_bindings")
    ]


def telegram(connection: Connection, cipher: AESGCM) -> list[Row]:
    """The bindings of Telegram."""
    links = rows(connection, "telegram_chat_links")
    return [
        {
            "agent": one["agent_name"],
            "channel": "telegram",
            "settings": {"bot_token": decrypted(cipher, one["bot_token_encrypted"], "bot_token")},
            "webhook_secret": one["webhook_secret"],
            "webhook_token": one["telegram_secret_token"],
            "contacts": [
                contact(link, link["telegram_user_id"], link["telegram_username"], stable=True)
                for link in links
                if link["binding_id"] == one["id"]
            ],
        }
        for one in rows(connection, "telegram_bindings")
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


def rows(connection: Connection, table: str, where: str = "") -> list[Row]:
    """All rows of a table."""
    return [dict(row) for row in connection.execute(text(f"SELECT * FROM {table} {where}")).mappings()]  # noqa: S608


def decrypted(cipher: AESGCM, record: str, name: str) -> str:
    """A secret out of its encrypted record."""
    sealed = json.loads(record)
    opened = cipher.decrypt(base64.b64decode(sealed["nonce"]), base64.b64decode(sealed["ciphertext"]), None)
    return str(json.loads(opened)[name])


if __name__ == "__main__":
    main()
