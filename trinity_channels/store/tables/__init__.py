"""The schema, private to `store/`: one module for each subject.

Times are microseconds since 1970 UTC; secrets are sealed before they come here.
"""

from trinity_channels.store.tables.access import ACCESS_REQUEST, AUDIT, KNOWN_MAILBOX, LOGIN_CODE, POLICY, SHARE, TOKEN
from trinity_channels.store.tables.alerts import CHANNEL_ALERT, INBOUND_HOUR
from trinity_channels.store.tables.bindings import (
    AGENT_SETTING,
    BINDING,
    BINDING_NOTICE,
    RETIRED_KEY,
    SETTING,
    UNKNOWN_WEBHOOK,
)
from trinity_channels.store.tables.conversations import (
    ADDRESS,
    CONTACT,
    CONVERSATION,
    DELIVERY,
    MESSAGE,
    PROACTIVE,
    TURN,
    UNWANTED_RUN,
)
from trinity_channels.store.tables.dispatch import WAKE
from trinity_channels.store.tables.retention import ERASED_ADDRESS, ERASED_BLOCK, SWEEP, SWEEP_LEFT
from trinity_channels.store.tables.row import fit_to_postgres
from trinity_channels.store.tables.sessions import PAGE_SESSION, SIGN_IN_LINK

__all__ = [
    "ACCESS_REQUEST",
    "ADDRESS",
    "AGENT_SETTING",
    "AUDIT",
    "BINDING",
    "BINDING_NOTICE",
    "CHANNEL_ALERT",
    "CONTACT",
    "CONVERSATION",
    "DELIVERY",
    "ERASED_ADDRESS",
    "ERASED_BLOCK",
    "INBOUND_HOUR",
    "KNOWN_MAILBOX",
    "LOGIN_CODE",
    "MESSAGE",
    "PAGE_SESSION",
    "POLICY",
    "PROACTIVE",
    "RETIRED_KEY",
    "SETTING",
    "SHARE",
    "SIGN_IN_LINK",
    "SWEEP",
    "SWEEP_LEFT",
    "TOKEN",
    "TURN",
    "UNKNOWN_WEBHOOK",
    "UNWANTED_RUN",
    "WAKE",
]

fit_to_postgres()
