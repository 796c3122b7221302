"""The Slack app that an owner creates: its scopes, its events, and a link that fills them in.

https://docs.slack.dev/reference/app-manifest — a manifest holds no secrets. For webhooks it leaves out the events, because
Slack refuses events without a request URL, and the URL exists only once the app's secrets are stored here; Socket Mode has
none.
"""

from __future__ import annotations

import json
from urllib.parse import quote

# Scope → what does not work without it. https://docs.slack.dev/reference/scopes
SCOPES = {
    "chat:write": "sending messages",
    "app_mentions:read": "being mentioned in channels",
    "im:history": "receiving direct messages, and finding out whether one was sent",
    "mpim:history": "group direct messages",
    "channels:history": "threads in public channels",
    "groups:history": "threads in private channels",
    "im:write": "writing first",
    "users:read": "people's names",
    "users:read.email": "recognising people by their e-mail address, so that they need not sign in",
    "reactions:write": "showing that a message was seen",
    "files:read": "fetching files",
}

# The last two tell that the token has ended; they arrive in any order and are only counted.
EVENTS = (
    "message.im",
    "message.mpim",
    "message.channels",
    "message.groups",
    "app_mention",
    "app_uninstalled",
    "tokens_revoked",
)

MANIFEST = {
    "_metadata": {"major_version": 2},
    "display_information": {"name": "Agent"},
    "features": {
        "app_home": {"messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
        "bot_user": {"display_name": "agent"},
    },
    "oauth_config": {"scopes": {"bot": list(SCOPES)}},
    "settings": {"socket_mode_enabled": False, "token_rotation_enabled": False},
}

SOCKET_MODE_MANIFEST = MANIFEST | {
    "settings": {
        "event_subscriptions": {"bot_events": list(EVENTS)},
        "socket_mode_enabled": True,
        "token_rotation_enabled": False,
    }
}


def _link(manifest: object) -> str:
    # https://docs.slack.dev/app-manifests/configuring-apps-with-app-manifests
    return f"https://api.slack.com/apps?new_app=1&manifest_json={quote(json.dumps(manifest, separators=(',', ':')))}"


CREATE_LINK = _link(MANIFEST)
SOCKET_MODE_LINK = _link(SOCKET_MODE_MANIFEST)
