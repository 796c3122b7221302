-- What Trinity's backend has of its own channels. Columns: https://github.com/Abilityai/trinity, src/backend/db/schema.py.
CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, username TEXT UNIQUE NOT NULL, email TEXT);
CREATE TABLE agent_ownership (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agent_name TEXT UNIQUE NOT NULL,
    owner_id INTEGER NOT NULL REFERENCES users (id),
    require_email INTEGER DEFAULT 0,
    open_access INTEGER DEFAULT 0,
    group_auth_mode TEXT DEFAULT 'none',
    deleted_at TEXT
);
CREATE TABLE agent_sharing (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agent_name TEXT NOT NULL,
    shared_with_email TEXT NOT NULL,
    shared_by_id INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL,
    allow_proactive INTEGER DEFAULT 0
);
CREATE TABLE whatsapp_bindings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agent_name TEXT NOT NULL UNIQUE,
    account_sid TEXT NOT NULL,
    auth_token_encrypted TEXT NOT NULL,
    from_number TEXT NOT NULL,
    messaging_service_sid TEXT,
    display_name TEXT,
    is_sandbox INTEGER DEFAULT 0,
    webhook_secret TEXT NOT NULL UNIQUE,
    webhook_url TEXT,
    enabled INTEGER DEFAULT 1,
    created_by TEXT,
    created_at TEXT NOT NULL,
    updated_at TEXT
);
CREATE TABLE whatsapp_chat_links (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    binding_id INTEGER NOT NULL REFERENCES whatsapp_bindings (id),
    wa_user_phone TEXT NOT NULL,
    wa_user_name TEXT,
    session_id TEXT,
    verified_email TEXT,
    verified_at TEXT,
    message_count INTEGER DEFAULT 0,
    last_active TEXT,
    created_at TEXT NOT NULL,
    UNIQUE (binding_id, wa_user_phone)
);
CREATE TABLE telegram_bindings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    agent_name TEXT NOT NULL UNIQUE,
    bot_token_encrypted TEXT NOT NULL,
    bot_username TEXT,
    bot_id TEXT UNIQUE,
    webhook_secret TEXT NOT NULL,
    webhook_url TEXT,
    telegram_secret_token TEXT,
    last_update_id INTEGER DEFAULT 0,
    created_at TEXT NOT NULL,
    updated_at TEXT
);
CREATE TABLE telegram_chat_links (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    binding_id INTEGER NOT NULL REFERENCES telegram_bindings (id),
    telegram_user_id TEXT NOT NULL,
    telegram_username TEXT,
    session_id TEXT,
    message_count INTEGER DEFAULT 0,
    created_at TEXT NOT NULL,
    last_active TEXT,
    verified_email TEXT,
    verified_at TEXT,
    UNIQUE (binding_id, telegram_user_id)
);
INSERT INTO users VALUES (1, 'ada', 'ada@example.org');
INSERT INTO agent_ownership VALUES (1, 'support', 1, 1, 0, 'any_verified', NULL);
INSERT INTO agent_ownership VALUES (2, 'sales', 1, 0, 0, 'none', NULL);
INSERT INTO agent_ownership VALUES (3, 'gone', 1, 0, 1, 'none', '2026-02-01T00:00:00Z');
INSERT INTO agent_sharing VALUES (1, 'support', 'Zoe@example.org', 1, '2026-01-01T00:00:00Z', 1);
INSERT INTO agent_sharing VALUES (2, 'gone', 'yan@example.org', 1, '2026-01-01T00:00:00Z', 0);
