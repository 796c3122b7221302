CREATE TABLE trinity_channels_access_request (
    id BIGSERIAL NOT NULL,
    agent VARCHAR COLLATE "C" NOT NULL,
    email VARCHAR COLLATE "C" NOT NULL,
    channel VARCHAR COLLATE "C" NOT NULL,
    conversation_id BIGINT NOT NULL,
    status VARCHAR COLLATE "C" NOT NULL,
    requested_at BIGINT NOT NULL,
    decided_at BIGINT,
    decided_by VARCHAR COLLATE "C",
    owner_told BOOLEAN NOT NULL,
    notice_due BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (agent, email)
);
CREATE INDEX trinity_channels_access_request_of_conversation ON trinity_channels_access_request (conversation_id);
CREATE INDEX trinity_channels_access_request_pending ON trinity_channels_access_request (agent) WHERE status = 'pending';
CREATE INDEX trinity_channels_access_request_untold ON trinity_channels_access_request (agent) WHERE owner_told = false;
CREATE TABLE trinity_channels_agent_setting (
    agent VARCHAR COLLATE "C" NOT NULL,
    name VARCHAR COLLATE "C" NOT NULL,
    value VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (agent, name)
);
CREATE TABLE trinity_channels_audit (
    id BIGSERIAL NOT NULL,
    at BIGINT NOT NULL,
    actor VARCHAR COLLATE "C" NOT NULL,
    action VARCHAR COLLATE "C" NOT NULL,
    agent VARCHAR COLLATE "C" NOT NULL,
    channel VARCHAR COLLATE "C" NOT NULL,
    details VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX trinity_channels_audit_at ON trinity_channels_audit (at);
CREATE INDEX trinity_channels_audit_listed_of_action ON trinity_channels_audit (action, id);
CREATE INDEX trinity_channels_audit_listed_of_actor ON trinity_channels_audit (actor, id);
CREATE INDEX trinity_channels_audit_listed_of_agent ON trinity_channels_audit (agent, id);
CREATE INDEX trinity_channels_audit_of_agent ON trinity_channels_audit (agent, action, at);
CREATE TABLE trinity_channels_binding (
    id BIGSERIAL NOT NULL,
    agent VARCHAR COLLATE "C" NOT NULL,
    channel VARCHAR COLLATE "C" NOT NULL,
    account_key VARCHAR COLLATE "C" NOT NULL,
    sender VARCHAR COLLATE "C" NOT NULL,
    display_name VARCHAR COLLATE "C" NOT NULL,
    sandbox BOOLEAN NOT NULL,
    pace BIGINT NOT NULL,
    pace_shared BOOLEAN NOT NULL,
    facts VARCHAR COLLATE "C" NOT NULL,
    settings VARCHAR COLLATE "C" NOT NULL,
    secrets VARCHAR COLLATE "C" NOT NULL,
    webhook_key VARCHAR COLLATE "C" NOT NULL,
    webhook_digest VARCHAR COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    disconnected_at BIGINT,
    signature_failed_at BIGINT,
    signature_cause VARCHAR COLLATE "C",
    refused_since BIGINT,
    swept_days BIGINT,
    send_failed_at BIGINT,
    send_failure VARCHAR COLLATE "C",
    PRIMARY KEY (id),
    UNIQUE (agent, channel),
    UNIQUE (webhook_digest)
);
CREATE UNIQUE INDEX trinity_channels_binding_account ON trinity_channels_binding (channel, account_key) WHERE disconnected_at IS NULL;
CREATE TABLE trinity_channels_erased_block (
    id BIGSERIAL NOT NULL,
    binding_id BIGINT NOT NULL,
    digest VARCHAR COLLATE "C" NOT NULL,
    may_change_hands BOOLEAN NOT NULL,
    contact_id BIGINT NOT NULL,
    blocked_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (binding_id, digest)
);
CREATE INDEX ix_trinity_channels_erased_block_contact_id ON trinity_channels_erased_block (contact_id);
CREATE TABLE trinity_channels_login_code (
    id BIGSERIAL NOT NULL,
    binding_id BIGINT NOT NULL,
    contact_id BIGINT NOT NULL,
    email VARCHAR COLLATE "C" NOT NULL,
    mailbox VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    known BOOLEAN DEFAULT false NOT NULL,
    digest VARCHAR COLLATE "C" NOT NULL,
    guesses BIGINT NOT NULL,
    live BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    mailed_at BIGINT,
    locked_at BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX trinity_channels_login_code_of_binding ON trinity_channels_login_code (binding_id, created_at);
CREATE INDEX trinity_channels_login_code_of_contact ON trinity_channels_login_code (contact_id, created_at);
CREATE INDEX trinity_channels_login_code_of_mailbox ON trinity_channels_login_code (mailbox, created_at);
CREATE TABLE trinity_channels_page_session (
    id BIGSERIAL NOT NULL,
    digest VARCHAR COLLATE "C" NOT NULL,
    role VARCHAR COLLATE "C" NOT NULL,
    subject VARCHAR COLLATE "C" NOT NULL,
    credential VARCHAR COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (digest)
);
CREATE INDEX trinity_channels_page_session_created ON trinity_channels_page_session (created_at);
CREATE INDEX trinity_channels_page_session_of_subject ON trinity_channels_page_session (role, subject);
CREATE INDEX trinity_channels_page_session_used ON trinity_channels_page_session (used_at);
CREATE TABLE trinity_channels_policy (
    agent VARCHAR COLLATE "C" NOT NULL,
    policy VARCHAR COLLATE "C" NOT NULL,
    groups VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (agent)
);
CREATE TABLE trinity_channels_proactive (
    id VARCHAR COLLATE "C" NOT NULL,
    agent VARCHAR COLLATE "C" NOT NULL,
    channel VARCHAR COLLATE "C" NOT NULL,
    email VARCHAR COLLATE "C" NOT NULL,
    idempotency_key VARCHAR COLLATE "C",
    fingerprint VARCHAR COLLATE "C" NOT NULL,
    message_id BIGINT NOT NULL,
    created_by VARCHAR COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (agent, idempotency_key)
);
CREATE INDEX trinity_channels_proactive_of_message ON trinity_channels_proactive (message_id);
CREATE INDEX trinity_channels_proactive_of_recipient ON trinity_channels_proactive (agent, email, created_at);
CREATE TABLE trinity_channels_setting (
    name VARCHAR COLLATE "C" NOT NULL,
    value VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE trinity_channels_share (
    id BIGSERIAL NOT NULL,
    agent VARCHAR COLLATE "C" NOT NULL,
    email VARCHAR COLLATE "C" NOT NULL,
    allow_proactive BOOLEAN NOT NULL,
    created_by VARCHAR COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (agent, email)
);
CREATE TABLE trinity_channels_sign_in_link (
    id BIGSERIAL NOT NULL,
    digest VARCHAR COLLATE "C" NOT NULL,
    email VARCHAR COLLATE "C" NOT NULL,
    mailbox VARCHAR COLLATE "C" NOT NULL,
    source VARCHAR COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (id)
);
CREATE INDEX trinity_channels_sign_in_link_created ON trinity_channels_sign_in_link (created_at);
CREATE INDEX trinity_channels_sign_in_link_digest ON trinity_channels_sign_in_link (digest);
CREATE INDEX trinity_channels_sign_in_link_of_mailbox ON trinity_channels_sign_in_link (mailbox, created_at);
CREATE INDEX trinity_channels_sign_in_link_of_source ON trinity_channels_sign_in_link (source, created_at);
CREATE TABLE trinity_channels_sweep (
    name VARCHAR COLLATE "C" NOT NULL,
    upto BIGINT NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE trinity_channels_sweep_left (
    message_id BIGSERIAL NOT NULL,
    PRIMARY KEY (message_id)
);
CREATE TABLE trinity_channels_token (
    id BIGSERIAL NOT NULL,
    digest VARCHAR COLLATE "C" NOT NULL,
    role VARCHAR COLLATE "C" NOT NULL,
    subject VARCHAR COLLATE "C" NOT NULL,
    label VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    created_by VARCHAR COLLATE "C" DEFAULT '' NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    PRIMARY KEY (id),
    UNIQUE (digest)
);
CREATE TABLE trinity_channels_unknown_webhook (
    hour BIGINT NOT NULL,
    channel VARCHAR COLLATE "C" NOT NULL,
    requests BIGINT NOT NULL,
    PRIMARY KEY (hour, channel)
);
CREATE TABLE trinity_channels_binding_notice (
    binding_id BIGINT NOT NULL,
    code VARCHAR COLLATE "C" NOT NULL,
    detail VARCHAR COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (binding_id, code),
    FOREIGN KEY(binding_id) REFERENCES trinity_channels_binding (id)
);
CREATE TABLE trinity_channels_channel_alert (
    binding_id BIGINT NOT NULL,
    code VARCHAR COLLATE "C" NOT NULL,
    cause VARCHAR COLLATE "C" NOT NULL,
    fix VARCHAR COLLATE "C" NOT NULL,
    raised_at BIGINT NOT NULL,
    cleared_at BIGINT,
    mailed_at BIGINT,
    PRIMARY KEY (binding_id, code),
    FOREIGN KEY(binding_id) REFERENCES trinity_channels_binding (id)
);
CREATE TABLE trinity_channels_contact (
    id BIGSERIAL NOT NULL,
    binding_id BIGINT NOT NULL,
    name VARCHAR COLLATE "C" NOT NULL,
    email VARCHAR COLLATE "C",
    email_source VARCHAR COLLATE "C",
    verified_at BIGINT,
    email_used_at BIGINT,
    email_checked_at BIGINT,
    signed_out_at BIGINT,
    blocked_at BIGINT,
    stopped_at BIGINT,
    unreachable_at BIGINT,
    resolved_at BIGINT,
    prompted_at BIGINT,
    pending_told_at BIGINT,
    limit_told_at BIGINT,
    hinted_at BIGINT,
    awaited_told_at BIGINT,
    pointed_at BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(binding_id) REFERENCES trinity_channels_binding (id)
);
CREATE INDEX ix_trinity_channels_contact_email ON trinity_channels_contact (email);
CREATE INDEX trinity_channels_contact_email_used ON trinity_channels_contact (email_used_at) WHERE email IS NOT NULL;
CREATE INDEX trinity_channels_contact_email_vouched ON trinity_channels_contact (email_checked_at) WHERE email_source = 'provider';
CREATE INDEX trinity_channels_contact_of_binding ON trinity_channels_contact (binding_id, id, email, blocked_at);
CREATE TABLE trinity_channels_inbound_hour (
    binding_id BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    conversations BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (binding_id, hour),
    FOREIGN KEY(binding_id) REFERENCES trinity_channels_binding (id)
);
CREATE TABLE trinity_channels_retired_key (
    id BIGSERIAL NOT NULL,
    binding_id BIGINT NOT NULL,
    digest VARCHAR COLLATE "C" NOT NULL,
    webhook_key VARCHAR COLLATE "C" NOT NULL,
    retired_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(binding_id) REFERENCES trinity_channels_binding (id),
    UNIQUE (digest)
);
CREATE INDEX ix_trinity_channels_retired_key_binding_id ON trinity_channels_retired_key (binding_id);
CREATE TABLE trinity_channels_address (
    id BIGSERIAL NOT NULL,
    binding_id BIGINT NOT NULL,
    value VARCHAR COLLATE "C" NOT NULL,
    contact_id BIGINT NOT NULL,
    stable BOOLEAN NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (binding_id, value),
    FOREIGN KEY(contact_id) REFERENCES trinity_channels_contact (id)
);
CREATE INDEX ix_trinity_channels_address_contact_id ON trinity_channels_address (contact_id);
CREATE TABLE trinity_channels_conversation (
    id BIGSERIAL NOT NULL,
    binding_id BIGINT NOT NULL,
    key VARCHAR COLLATE "C" NOT NULL,
    contact_id BIGINT,
    address VARCHAR COLLATE "C" NOT NULL,
    is_group BOOLEAN NOT NULL,
    last_inbound_at BIGINT NOT NULL,
    needs_turn BOOLEAN NOT NULL,
    disclosed_at BIGINT,
    disclosed_by BIGINT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (binding_id, key),
    FOREIGN KEY(contact_id) REFERENCES trinity_channels_contact (id)
);
CREATE INDEX ix_trinity_channels_conversation_contact_id ON trinity_channels_conversation (contact_id);
CREATE INDEX trinity_channels_conversation_groups ON trinity_channels_conversation (binding_id, address) WHERE is_group = true;
CREATE INDEX trinity_channels_conversation_needs_turn ON trinity_channels_conversation (id) WHERE needs_turn = true;
CREATE TABLE trinity_channels_known_mailbox (
    contact_id BIGINT NOT NULL,
    mailbox VARCHAR COLLATE "C" NOT NULL,
    PRIMARY KEY (contact_id, mailbox),
    FOREIGN KEY(contact_id) REFERENCES trinity_channels_contact (id)
);
CREATE INDEX ix_trinity_channels_known_mailbox_mailbox ON trinity_channels_known_mailbox (mailbox);
CREATE TABLE trinity_channels_message (
    id BIGSERIAL NOT NULL,
    binding_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    contact_id BIGINT,
    event_id VARCHAR COLLATE "C",
    provider_id VARCHAR COLLATE "C",
    origin VARCHAR COLLATE "C" NOT NULL,
    text VARCHAR COLLATE "C" NOT NULL,
    parts VARCHAR COLLATE "C",
    album VARCHAR COLLATE "C",
    opt_out VARCHAR COLLATE "C",
    state VARCHAR COLLATE "C" NOT NULL,
    turn_id BIGINT,
    at BIGINT NOT NULL,
    received_at BIGINT,
    released_at BIGINT,
    cleared_at BIGINT,
    stranger_id BIGINT,
    PRIMARY KEY (id),
    UNIQUE (binding_id, event_id),
    FOREIGN KEY(conversation_id) REFERENCES trinity_channels_conversation (id)
);
CREATE INDEX trinity_channels_message_held ON trinity_channels_message (conversation_id, id) WHERE state = 'held';
CREATE INDEX trinity_channels_message_notice ON trinity_channels_message (binding_id, at) WHERE origin = 'notice';
CREATE INDEX trinity_channels_message_of_binding ON trinity_channels_message (binding_id);
CREATE INDEX trinity_channels_message_of_contact ON trinity_channels_message (contact_id, at);
CREATE INDEX trinity_channels_message_of_conversation ON trinity_channels_message (conversation_id, id);
CREATE INDEX trinity_channels_message_of_turn ON trinity_channels_message (turn_id) WHERE turn_id IS NOT NULL;
CREATE INDEX trinity_channels_message_open ON trinity_channels_message (conversation_id, id) WHERE state = 'waiting';
CREATE INDEX trinity_channels_message_to_stranger ON trinity_channels_message (stranger_id, at) WHERE stranger_id IS NOT NULL;
CREATE TABLE trinity_channels_turn (
    id BIGSERIAL NOT NULL,
    key VARCHAR COLLATE "C" NOT NULL,
    conversation_id BIGINT NOT NULL,
    binding_id BIGINT,
    state VARCHAR COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    retries BIGINT NOT NULL,
    next_at BIGINT,
    reason VARCHAR COLLATE "C",
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    resubmitted_at BIGINT,
    cause VARCHAR COLLATE "C",
    run VARCHAR COLLATE "C",
    run_at BIGINT,
    PRIMARY KEY (id),
    FOREIGN KEY(conversation_id) REFERENCES trinity_channels_conversation (id)
);
CREATE INDEX trinity_channels_turn_answered ON trinity_channels_turn (binding_id, updated_at, id) WHERE state = 'done' AND reason IS NULL;
CREATE INDEX trinity_channels_turn_failed ON trinity_channels_turn (state, id) WHERE state = 'failed';
CREATE INDEX trinity_channels_turn_failed_here ON trinity_channels_turn (conversation_id, id) WHERE state = 'failed';
CREATE INDEX trinity_channels_turn_open ON trinity_channels_turn (conversation_id, id) WHERE state = 'open';
CREATE TABLE trinity_channels_delivery (
    id BIGSERIAL NOT NULL,
    binding_id BIGINT NOT NULL,
    conversation_id BIGINT NOT NULL,
    message_id BIGINT NOT NULL,
    address VARCHAR COLLATE "C" NOT NULL,
    text VARCHAR COLLATE "C" NOT NULL,
    state VARCHAR COLLATE "C" NOT NULL,
    provider_id VARCHAR COLLATE "C",
    attempts BIGINT NOT NULL,
    next_at BIGINT,
    attempted_at BIGINT,
    failure_code VARCHAR COLLATE "C",
    failure_kind VARCHAR COLLATE "C",
    failure VARCHAR COLLATE "C",
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    resent_at BIGINT,
    PRIMARY KEY (id),
    FOREIGN KEY(conversation_id) REFERENCES trinity_channels_conversation (id),
    FOREIGN KEY(message_id) REFERENCES trinity_channels_message (id)
);
CREATE INDEX ix_trinity_channels_delivery_message_id ON trinity_channels_delivery (message_id);
CREATE INDEX ix_trinity_channels_delivery_provider_id ON trinity_channels_delivery (provider_id);
CREATE INDEX trinity_channels_delivery_of_conversation ON trinity_channels_delivery (conversation_id, id);
CREATE INDEX trinity_channels_delivery_open ON trinity_channels_delivery (conversation_id, id) WHERE state IN ('ready', 'sending', 'reconciling');
CREATE INDEX trinity_channels_delivery_parked ON trinity_channels_delivery (binding_id, id) WHERE state IN ('failed', 'unknown');
CREATE INDEX trinity_channels_delivery_parked_here ON trinity_channels_delivery (conversation_id, id) WHERE state IN ('failed', 'unknown');
CREATE TABLE trinity_channels_alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT trinity_channels_alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO trinity_channels_alembic_version VALUES ('0011');
