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
INSERT INTO "address" VALUES(1,1,'whatsapp:+12025550143',1,0);
INSERT INTO "address" VALUES(2,1,'whatsapp:US.36108928480618704',1,1);
INSERT INTO "address" VALUES(3,1,'whatsapp:+12025550144',2,0);
INSERT INTO "address" VALUES(4,1,'whatsapp:US.62108582846544242',2,1);
CREATE TABLE agent_setting (
	agent VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	value VARCHAR NOT NULL, 
	PRIMARY KEY (agent, name)
);
INSERT INTO "agent_setting" VALUES('support','disclosure_off','a test');
INSERT INTO "agent_setting" VALUES('sales','disclosure_off','a test');
INSERT INTO "agent_setting" VALUES('my-agent','disclosure_off','a test');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0009');
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
INSERT INTO "audit" VALUES(1,1772442000000000,'admin','connect','support','whatsapp','{"sandbox": false}');
INSERT INTO "audit" VALUES(2,1772442000000000,'admin','set_policy','support','','{"policy": "open", "groups": "any_verified"}');
INSERT INTO "audit" VALUES(3,1772442000000000,'admin','share','support','','{}');
INSERT INTO "audit" VALUES(4,1772442000000000,'admin','set_policy','support','','{"policy": "require_sharing", "groups": "any_verified"}');
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
	send_failure VARCHAR, refused_since BIGINT, swept_days INTEGER, 
	PRIMARY KEY (id), 
	UNIQUE (agent, channel), 
	UNIQUE (webhook_digest)
);
INSERT INTO "binding" VALUES(1,'support','whatsapp','AC00000000000000000000000000000001','whatsapp:+16285550100','Simulated business',0,0,0,'{}','{"account_sid": "AC00000000000000000000000000000001", "from_number": "whatsapp:+16285550100", "messaging_service_sid": null, "sandbox_keyword": null}','{"auth_token": "v1.711ddee33d55.Xpj9PIVi5QYUK0ZN0jkDqPjFp-PjxfrioUF6QrFbqzAMvdVwdgdpnlmTkYPq3Mpfci7wq5FB1wTuaans"}','v1.711ddee33d55.yTOeUnA5nupDz9CDfA7jG4sbD1AfTsUxOsqL0FuTYuSXGiFj927DCQTqkVaWSqPYNIOEQC2hWcJlJ7aEqExS6dM_sCNAS5-UQGPh8xhSi5_rbDTPc9Xn3a7VgS_OqGpYe6WiM04fvehJjNHsGhBQfdodwA','b79752b07084ef8dbd1c9190012525f45d4abee6dd571eeb7ea7a4be4cbe5f8a',1772442000000000,1772442000000000,NULL,NULL,NULL,NULL,NULL,NULL,30);
CREATE TABLE binding_notice (
	binding_id INTEGER NOT NULL, 
	code VARCHAR NOT NULL, 
	detail TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (binding_id, code), 
	FOREIGN KEY(binding_id) REFERENCES binding (id)
);
CREATE TABLE channel_alert (
	binding_id INTEGER NOT NULL, 
	code VARCHAR NOT NULL, 
	cause TEXT NOT NULL, 
	fix TEXT NOT NULL, 
	raised_at BIGINT NOT NULL, 
	cleared_at BIGINT, 
	mailed_at BIGINT, 
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
	created_at BIGINT NOT NULL, unreachable_at BIGINT, awaited_told_at BIGINT, pointed_at BIGINT, email_source VARCHAR, email_used_at BIGINT, email_checked_at BIGINT, signed_out_at BIGINT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(binding_id) REFERENCES binding (id)
);
INSERT INTO "contact" VALUES(1,1,'Zoe',NULL,NULL,NULL,NULL,1772442000000000,NULL,NULL,NULL,NULL,1772442000000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "contact" VALUES(2,1,'Yan',NULL,NULL,NULL,NULL,1772442000000000,1772442000000000,NULL,NULL,NULL,1772442000000000,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE conversation (
	id INTEGER NOT NULL, 
	binding_id INTEGER NOT NULL, 
	"key" VARCHAR NOT NULL, 
	contact_id INTEGER, 
	address VARCHAR NOT NULL, 
	is_group BOOLEAN NOT NULL, 
	last_inbound_at BIGINT NOT NULL, 
	needs_turn BOOLEAN NOT NULL, 
	created_at BIGINT NOT NULL, disclosed_at BIGINT, disclosed_by INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(contact_id) REFERENCES contact (id), 
	UNIQUE (binding_id, "key")
);
INSERT INTO "conversation" VALUES(1,1,'contact:1',1,'whatsapp:+12025550143',0,1772442000000000,0,1772442000000000,NULL,NULL);
INSERT INTO "conversation" VALUES(2,1,'contact:2',2,'whatsapp:+12025550144',0,1772442000000000,0,1772442000000000,NULL,NULL);
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
INSERT INTO "delivery" VALUES(1,1,1,2,'whatsapp:+12025550143','echo hello','read','SM8dc1d77cf362e4173267351b16cbb4a7',1,NULL,1772442000000000,NULL,NULL,NULL,1772442000000000,1772442000000000,NULL);
INSERT INTO "delivery" VALUES(2,1,2,4,'whatsapp:+12025550144','This agent only talks to people with a verified e-mail address.
Send /login you@example.com and I will mail you a code. What you have written is kept and answered afterwards.','read','SM41cffa7227bd9dc8c9ee176c824c8c38',1,NULL,1772442000000000,NULL,NULL,NULL,1772442000000000,1772442000000000,NULL);
CREATE TABLE erased_block (
	id INTEGER NOT NULL, 
	binding_id INTEGER NOT NULL, 
	digest VARCHAR NOT NULL, 
	may_change_hands BOOLEAN NOT NULL, 
	contact_id INTEGER NOT NULL, 
	blocked_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (binding_id, digest)
);
CREATE TABLE inbound_hour (
	binding_id INTEGER NOT NULL, 
	hour INTEGER NOT NULL, 
	conversations INTEGER NOT NULL, 
	last_at BIGINT NOT NULL, 
	PRIMARY KEY (binding_id, hour), 
	FOREIGN KEY(binding_id) REFERENCES binding (id)
);
CREATE TABLE known_mailbox (
	contact_id INTEGER NOT NULL, 
	mailbox VARCHAR NOT NULL, 
	PRIMARY KEY (contact_id, mailbox), 
	FOREIGN KEY(contact_id) REFERENCES contact (id)
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
	expires_at BIGINT NOT NULL, mailbox VARCHAR DEFAULT '' NOT NULL, known BOOLEAN DEFAULT 0 NOT NULL, mailed_at BIGINT, locked_at BIGINT, 
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
	at BIGINT NOT NULL, parts TEXT, album VARCHAR, received_at BIGINT, released_at BIGINT, cleared_at BIGINT, stranger_id INTEGER, 
	PRIMARY KEY (id), 
	FOREIGN KEY(conversation_id) REFERENCES conversation (id), 
	UNIQUE (binding_id, event_id)
);
INSERT INTO "message" VALUES(1,1,1,1,'SMc8232172462463fedb6a560cd9eaabee','SMc8232172462463fedb6a560cd9eaabee','person','hello',NULL,'answered',1,1772442000000000,NULL,NULL,1772442000000000,NULL,NULL,NULL);
INSERT INTO "message" VALUES(2,1,1,NULL,NULL,NULL,'agent','echo hello',NULL,'answered',NULL,1772442000000000,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "message" VALUES(3,1,2,2,'SM6cd391a3187bb108429c5043686ba638','SM6cd391a3187bb108429c5043686ba638','person','let me in',NULL,'held',NULL,1772442000000000,NULL,NULL,1772442000000000,NULL,NULL,NULL);
INSERT INTO "message" VALUES(4,1,2,NULL,NULL,NULL,'notice','This agent only talks to people with a verified e-mail address.
Send /login you@example.com and I will mail you a code. What you have written is kept and answered afterwards.',NULL,'notice',NULL,1772442000000000,NULL,NULL,NULL,NULL,NULL,2);
CREATE TABLE page_session (
	id INTEGER NOT NULL, 
	digest VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	credential VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	used_at BIGINT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (digest)
);
CREATE TABLE policy (
	agent VARCHAR NOT NULL, 
	policy VARCHAR NOT NULL, 
	groups VARCHAR NOT NULL, 
	PRIMARY KEY (agent)
);
INSERT INTO "policy" VALUES('support','require_sharing','any_verified');
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
INSERT INTO "setting" VALUES('listening','1772442000000000 1772442000000000');
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
INSERT INTO "share" VALUES(1,'support','yan@example.org',0,'admin',1772442000000000);
CREATE TABLE sign_in_link (
	id INTEGER NOT NULL, 
	digest VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	mailbox VARCHAR NOT NULL, 
	source VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, 
	used_at BIGINT, 
	PRIMARY KEY (id)
);
CREATE TABLE sweep (
	name VARCHAR NOT NULL, 
	upto INTEGER NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE sweep_left (
	message_id INTEGER NOT NULL, 
	PRIMARY KEY (message_id)
);
CREATE TABLE token (
	id INTEGER NOT NULL, 
	digest VARCHAR NOT NULL, 
	role VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	created_at BIGINT NOT NULL, label VARCHAR DEFAULT '' NOT NULL, created_by VARCHAR DEFAULT '' NOT NULL, expires_at BIGINT, last_used_at BIGINT, 
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
	updated_at BIGINT NOT NULL, resubmitted_at BIGINT, binding_id INTEGER, cause VARCHAR, 
	PRIMARY KEY (id), 
	FOREIGN KEY(conversation_id) REFERENCES conversation (id)
);
INSERT INTO "turn" VALUES(1,'e3a97dd3d878ca73ecc2e8963928fa43',1,'done',1,0,NULL,NULL,1772442000000000,1772442000000000,NULL,1,NULL);
CREATE TABLE unknown_webhook (
	hour BIGINT NOT NULL, 
	channel VARCHAR NOT NULL, 
	requests BIGINT NOT NULL, 
	PRIMARY KEY (hour, channel)
);
CREATE INDEX access_request_of_conversation ON access_request (conversation_id);
CREATE INDEX access_request_untold ON access_request (agent) WHERE owner_told = 0;
CREATE INDEX audit_of_agent ON audit (agent, action, at);
CREATE UNIQUE INDEX binding_account ON binding (channel, account_key) WHERE disconnected_at IS NULL;
CREATE INDEX login_code_of_binding ON login_code (binding_id, created_at);
CREATE INDEX login_code_of_contact ON login_code (contact_id, created_at);
CREATE INDEX proactive_of_recipient ON proactive (agent, email, created_at);
CREATE INDEX ix_contact_email ON contact (email);
CREATE INDEX ix_address_contact_id ON address (contact_id);
CREATE INDEX ix_conversation_contact_id ON conversation (contact_id);
CREATE INDEX message_of_contact ON message (contact_id, at);
CREATE INDEX message_of_conversation ON message (conversation_id, id);
CREATE INDEX message_of_turn ON message (turn_id) WHERE turn_id IS NOT NULL;
CREATE INDEX message_open ON message (conversation_id, id) WHERE state = 'waiting';
CREATE INDEX turn_failed ON turn (state, id) WHERE state = 'failed';
CREATE INDEX turn_open ON turn (conversation_id, id) WHERE state = 'open';
CREATE INDEX delivery_of_conversation ON delivery (conversation_id, id);
CREATE INDEX ix_delivery_message_id ON delivery (message_id);
CREATE INDEX ix_delivery_provider_id ON delivery (provider_id);
CREATE INDEX ix_retired_key_binding_id ON retired_key (binding_id);
CREATE INDEX turn_answered ON turn (binding_id, updated_at, id) WHERE state = 'done' AND reason IS NULL;
CREATE INDEX delivery_parked ON delivery (binding_id, id) WHERE state IN ('failed', 'unknown');
CREATE INDEX proactive_of_message ON proactive (message_id);
CREATE INDEX ix_erased_block_contact_id ON erased_block (contact_id);
CREATE INDEX login_code_of_mailbox ON login_code (mailbox, created_at);
CREATE INDEX ix_known_mailbox_mailbox ON known_mailbox (mailbox);
CREATE INDEX contact_email_used ON contact (email_used_at) WHERE email IS NOT NULL;
CREATE INDEX contact_email_vouched ON contact (email_checked_at) WHERE email_source = 'provider';
CREATE INDEX access_request_pending ON access_request (agent) WHERE status = 'pending';
CREATE INDEX message_notice ON message (binding_id, at) WHERE origin = 'notice';
CREATE INDEX message_to_stranger ON message (stranger_id, at) WHERE stranger_id IS NOT NULL;
CREATE INDEX message_held ON message (conversation_id, id) WHERE state = 'held';
CREATE INDEX delivery_open ON delivery (conversation_id, id) WHERE state IN ('ready', 'sending', 'reconciling');
CREATE INDEX conversation_needs_turn ON conversation (id) WHERE needs_turn = 1;
CREATE INDEX page_session_of_subject ON page_session (role, subject);
CREATE INDEX page_session_used ON page_session (used_at);
CREATE INDEX page_session_created ON page_session (created_at);
CREATE INDEX sign_in_link_digest ON sign_in_link (digest);
CREATE INDEX sign_in_link_of_mailbox ON sign_in_link (mailbox, created_at);
CREATE INDEX sign_in_link_of_source ON sign_in_link (source, created_at);
CREATE INDEX sign_in_link_created ON sign_in_link (created_at);
CREATE INDEX contact_of_binding ON contact (binding_id, id, email, blocked_at);
CREATE INDEX message_of_binding ON message (binding_id);
CREATE INDEX turn_failed_here ON turn (conversation_id, id) WHERE state = 'failed';
CREATE INDEX delivery_parked_here ON delivery (conversation_id, id) WHERE state IN ('failed', 'unknown');
CREATE INDEX audit_listed_of_agent ON audit (agent, id);
CREATE INDEX audit_listed_of_action ON audit (action, id);
CREATE INDEX audit_listed_of_actor ON audit (actor, id);
CREATE INDEX audit_at ON audit (at);
COMMIT;
