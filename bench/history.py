"""A database with a long history: what a host of ten thousand people has after a million messages. All of it is invented."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import time

from trinity_channels.retention.chore import HELD_DAYS

PEOPLE = 10_000
_DAY = 86_400_000_000
"""In microseconds, as the database keeps times."""
_BUSY = 50_000
"""Messages of the busiest conversation, beside those that every one has."""
_TEXT = "Could you tell me whether my order has left your house, and when the carrier will be at my door? It is number "
_PEOPLE = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :people)"
_STATEMENTS = f"""
    {_PEOPLE}
    INSERT INTO trinity_channels_contact (id, binding_id, name, email, email_source, verified_at, email_used_at, created_at)
    SELECT i, :binding, 'Person number ' || i, CASE WHEN i % 3 = 0 THEN 'person' || i || '@example.org' END,
           CASE WHEN i % 3 = 0 THEN 'code' END, CASE WHEN i % 3 = 0 THEN :begin END,
           CASE WHEN i % 3 = 0 THEN :now END, :begin FROM n;

    INSERT INTO trinity_channels_address (binding_id, value, contact_id, stable)
    SELECT binding_id, 'whatsapp:+1202' || (5550000 + id), id, 0 FROM trinity_channels_contact;

    INSERT INTO trinity_channels_conversation
           (id, binding_id, key, contact_id, address, is_group, last_inbound_at, needs_turn, created_at)
    SELECT id, binding_id, 'direct:' || id, id, 'whatsapp:+1202' || (5550000 + id), 0, :now - id * 60000000, 0, :begin
      FROM trinity_channels_contact;

    -- Odd messages are of people and even ones of the agent. Some of the newest were not answered, others are held.
    WITH RECURSIVE n(i, here) AS (
        SELECT 1, 1 UNION ALL
        SELECT i + 1, CASE WHEN i < :busy THEN 1 ELSE 1 + (i + 1) / 2 % :people END FROM n WHERE i < :messages)
    INSERT INTO trinity_channels_message (id, binding_id, conversation_id, contact_id, event_id, provider_id,
        origin, text, state, turn_id,
                         at, received_at)
    SELECT i, :binding, here, CASE WHEN i % 2 THEN here END, CASE WHEN i % 2 THEN 'event' || i END,
           CASE WHEN i % 2 THEN 'SM' || i END, CASE WHEN i % 2 THEN 'person' ELSE 'agent' END, :text || i,
           CASE WHEN i <= :messages - 2000 OR i % 2 = 0 THEN 'answered' WHEN i % 40 = 1 THEN 'failed'
                WHEN i % 20 = 3 THEN 'held' ELSE 'answered' END,
           CASE WHEN i % 2 THEN i END, :begin + i * :step, CASE WHEN i % 2 THEN :begin + i * :step END FROM n;

    INSERT INTO trinity_channels_turn (id, key, conversation_id, binding_id, state, attempts, retries,
        reason, created_at, updated_at)
    SELECT id, 'turn' || id, conversation_id, binding_id, CASE state WHEN 'failed' THEN 'failed' ELSE 'done' END, 1, 0,
           CASE state WHEN 'failed' THEN 'The model did not answer within 120 seconds' END, at, at
      FROM trinity_channels_message WHERE origin = 'person' AND state IN ('answered', 'failed');

    INSERT INTO trinity_channels_delivery (binding_id, conversation_id, message_id, address, text, state,
        provider_id, attempts,
                          attempted_at, failure_code, failure_kind, failure, created_at, updated_at)
    SELECT binding_id, conversation_id, id, 'somewhere', text, CASE WHEN id % 5000 = 0 THEN 'failed' ELSE 'read' END,
           'SMout' || id, 1, at, CASE WHEN id % 5000 = 0 THEN '63024' END,
           CASE WHEN id % 5000 = 0 THEN 'recipient' END,
           CASE WHEN id % 5000 = 0 THEN 'The recipient cannot be reached.' END, at, at
      FROM trinity_channels_message WHERE origin = 'agent';

    INSERT INTO trinity_channels_access_request (agent, email, channel, conversation_id, status,
        requested_at, owner_told, notice_due)
    SELECT 'support', 'asks' || id || '@example.org', 'whatsapp', id, 'pending', :now - id * 60000000, 1, 0
      FROM trinity_channels_conversation WHERE id % 200 = 7;

    INSERT INTO trinity_channels_sweep (name, upto)
    SELECT 'held', max(id) FROM trinity_channels_message WHERE at < :held_before;

    {_PEOPLE}
    INSERT INTO trinity_channels_share (agent, email, allow_proactive, created_by, created_at)
    SELECT 'support', 'person' || i || '@example.org', 0, 'admin', :begin FROM n WHERE i % 30 = 0;

    {_PEOPLE}
    INSERT INTO trinity_channels_audit (at, actor, action, agent, channel, details)
    SELECT :begin + i, CASE i % 3 WHEN 0 THEN 'contact:' || i ELSE 'admin' END,
           CASE i % 3 WHEN 0 THEN 'login' WHEN 1 THEN 'read_conversation' ELSE 'block' END, 'support', '',
           CASE i % 3 WHEN 0 THEN '{{}}' WHEN 1 THEN '{{"conversation": ' || i || '}}'
                ELSE '{{"client": ' || i || '}}' END FROM n
"""  # noqa: S608  made of constants


@dataclass(frozen=True, slots=True)
class History:
    """What is put into the database of a binding that was just connected."""

    messages: int

    def write(self, database: Path) -> None:
        """Write it; takes about a minute for a million messages."""
        now = int(time() * 1_000_000)
        begin = now - 25 * _DAY  # within the retention, so that nothing of it is being removed while it is read
        with closing(sqlite3.connect(database)) as connection, connection:
            (binding,) = connection.execute("SELECT id FROM trinity_channels_binding").fetchone()
            values = {
                "binding": binding,
                "people": PEOPLE,
                "messages": self.messages,
                "busy": min(_BUSY, self.messages // 20),
                "begin": begin,
                "now": now,
                "step": 25 * _DAY // self.messages,
                # A host that has lived with them has passed these. Now it would, while its pages are measured.
                "held_before": now - HELD_DAYS * _DAY,
                "text": _TEXT,
            }
            for statement in _STATEMENTS.split(";"):
                connection.execute(statement, values)
