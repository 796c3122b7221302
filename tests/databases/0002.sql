BEGIN TRANSACTION;
CREATE TABLE access_request (
	id INTEGER NOT NULL, 
	agent VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	conversation_id INTEGER NOT NULL, 
	status VARCHAR NOT NULL, 
	requested_at BIGINT NOT NULL, 
	decided_at BIGINT, 
	decided_by VARCHAR, 
	owner_told BOOLEAN NOT NULL, 
	notice_due BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (agent, email)
);
CREATE TABLE address (
	id INTEGER NOT NULL, 
	binding_id INTEGER NOT NULL, 
	value VARCHAR NOT NULL, 
	contact_id INTEGER NOT NULL, 
	stable BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(contact_id) REFERENCES contact (id), 
	UNIQUE (binding_id, value)
);
CREATE TABLE agent_setting (
	agent VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY (agent, name)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	at BIGINT NOT NULL, 
	actor VARCHAR NOT NULL, 
	action VARCHAR NOT NULL, 
	agent VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	details TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE binding (
	id INTEGER NOT NULL, 
	agent VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	account_key VARCHAR NOT NULL, 
	sender VARCHAR NOT NULL, 
	display_name VARCHAR NOT NULL, 
	sandbox BOOLEAN NOT NULL, 
	pace BIGINT NOT NULL, 
	pace_shared BOOLEAN NOT NULL, 
	facts TEXT NOT NULL, 
	settings TEXT NOT NULL, 
	secrets TEXT NOT NULL, 
	webhook_key VARCHAR NOT NULL, 
	webhook_digest VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, 
	disconnected_at BIGINT, 
	signature_failed_at BIGINT, 
	signature_cause VARCHAR, 
	send_failed_at BIGINT, 
	send_failure VARCHAR, refused_since BIGINT, 
	PRIMARY KEY (id), 
	UNIQUE (agent, channel), 
	UNIQUE (webhook_digest)
);
CREATE TABLE binding_notice (
	binding_id INTEGER NOT NULL, 
	code VARCHAR NOT NULL, 
	detail TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (binding_id, code), 
	FOREIGN KEY(binding_id) REFERENCES binding (id)
);
CREATE TABLE contact (
	id INTEGER NOT NULL, 
	binding_id INTEGER NOT NULL, 
	name VARCHAR NOT NULL, 
	email VARCHAR, 
	verified_at BIGINT, 
	blocked_at BIGINT, 
	stopped_at BIGINT, 
	resolved_at BIGINT, 
	prompted_at BIGINT, 
	pending_told_at BIGINT, 
	limit_told_at BIGINT, 
	hinted_at BIGINT, 
	created_at BIGINT NOT NULL, unreachable_at BIGINT, awaited_told_at BIGINT, pointed_at BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(binding_id) REFERENCES binding (id)
);
CREATE TABLE conversation (
	id INTEGER NOT NULL, 
	binding_id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	contact_id INTEGER, 
	address VARCHAR NOT NULL, 
	is_group BOOLEAN NOT NULL, 
	last_inbound_at BIGINT NOT NULL, 
	stirred BOOLEAN NOT NULL, 
	created_at BIGINT NOT NULL, disclosed_at BIGINT, disclosed_by INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(contact_id) REFERENCES contact (id), 
	UNIQUE (binding_id, "key")
);
CREATE TABLE delivery (
	id INTEGER NOT NULL, 
	binding_id INTEGER NOT NULL, 
	conversation_id INTEGER NOT NULL, 
	message_id INTEGER NOT NULL, 
	address VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	state VARCHAR NOT NULL, 
	provider_id VARCHAR, 
	attempts INTEGER NOT NULL, 
	next_at BIGINT, 
	attempted_at BIGINT, 
	failure_code VARCHAR, 
	failure_kind VARCHAR, 
	failure VARCHAR, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, resent_at BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	FOREIGN KEY(message_id) REFERENCES message (id)
);
CREATE TABLE login_code (
	id INTEGER NOT NULL, 
	binding_id INTEGER NOT NULL, 
	contact_id INTEGER NOT NULL, 
	email VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	guesses INTEGER NOT NULL, 
	live BOOLEAN NOT NULL, 
	created_at BIGINT NOT NULL, 
	expires_at BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE message (
	id INTEGER NOT NULL, 
	binding_id INTEGER NOT NULL, 
	conversation_id INTEGER NOT NULL, 
	contact_id INTEGER, 
	event_id VARCHAR, 
	provider_id VARCHAR, 
	origin VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	opt_out VARCHAR, 
	state VARCHAR NOT NULL, 
	turn_id INTEGER, 
	at BIGINT NOT NULL, parts TEXT, album VARCHAR, received_at BIGINT, released_at BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	UNIQUE (binding_id, event_id)
);
CREATE TABLE policy (
	agent VARCHAR NOT NULL, 
	policy VARCHAR NOT NULL, 
	groups VARCHAR NOT NULL, 
	PRIMARY KEY (agent)
);
CREATE TABLE proactive (
	id VARCHAR NOT NULL, 
	agent VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	idempotency_key VARCHAR, 
	fingerprint VARCHAR NOT NULL, 
	message_id INTEGER NOT NULL, 
	created_by VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (agent, idempotency_key)
);
CREATE TABLE retired_key (
	id INTEGER NOT NULL, 
	binding_id INTEGER NOT NULL, 
	digest VARCHAR NOT NULL, 
	webhook_key VARCHAR NOT NULL, 
	retired_at BIGINT NOT NULL, 
	ends_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(binding_id) REFERENCES binding (id), 
	UNIQUE (digest)
);
CREATE TABLE setting (
	name VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY (name)
);
INSERT INTO "setting" VALUES('admin_token_digest','fake-digest');
CREATE TABLE share (
	id INTEGER NOT NULL, 
	agent VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	allow_proactive BOOLEAN NOT NULL, 
	created_by VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (agent, email)
);
CREATE TABLE token (
	id INTEGER NOT NULL, 
	digest VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (digest)
);
CREATE TABLE turn (
	id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	conversation_id INTEGER NOT NULL, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	retries INTEGER NOT NULL, 
	next_at BIGINT, 
	reason VARCHAR, 
	created_at BIGINT NOT NULL, 
	updated_at BIGINT NOT NULL, resubmitted_at BIGINT, binding_id INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(conversation_id) REFERENCES conversation (id)
);
CREATE INDEX access_request_of_conversation ON access_request (conversation_id);
CREATE INDEX access_request_untold ON access_request (agent) WHERE owner_told = 0;
CREATE INDEX audit_of_agent ON audit (agent, action, at);
CREATE UNIQUE INDEX binding_account ON binding (channel, account_key) WHERE disconnected_at IS NULL;
CREATE INDEX login_code_of_binding ON login_code (binding_id, created_at);
CREATE INDEX login_code_of_contact ON login_code (contact_id, created_at);
CREATE INDEX login_code_of_email ON login_code (email, created_at);
CREATE INDEX proactive_of_recipient ON proactive (agent, email, created_at);
CREATE INDEX ix_contact_email ON contact (email);
CREATE INDEX ix_address_contact_id ON address (contact_id);
CREATE INDEX conversation_stirred ON conversation (id) WHERE stirred = 1;
CREATE INDEX ix_conversation_contact_id ON conversation (contact_id);
CREATE INDEX message_kept ON message (conversation_id, id) WHERE state = 'kept';
CREATE INDEX message_of_contact ON message (contact_id, at);
CREATE INDEX message_of_conversation ON message (conversation_id, id);
CREATE INDEX message_of_turn ON message (turn_id) WHERE turn_id IS NOT NULL;
CREATE INDEX message_open ON message (conversation_id, id) WHERE state = 'waiting';
CREATE INDEX turn_failed ON turn (state, id) WHERE state = 'failed';
CREATE INDEX turn_open ON turn (conversation_id, id) WHERE state = 'open';
CREATE INDEX delivery_of_conversation ON delivery (conversation_id, id);
CREATE INDEX delivery_open ON delivery (conversation_id, id) WHERE state IN ('ready', 'sending', 'asking');
CREATE INDEX ix_delivery_message_id ON delivery (message_id);
CREATE INDEX ix_delivery_provider_id ON delivery (provider_id);
CREATE INDEX ix_retired_key_binding_id ON retired_key (binding_id);
CREATE INDEX turn_answered ON turn (binding_id, updated_at, id) WHERE state = 'done' AND reason IS NULL;
CREATE INDEX delivery_parked ON delivery (binding_id, id) WHERE state IN ('failed', 'unknown');
COMMIT;
