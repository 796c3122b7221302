"""Slack's error codes: what becomes of a message that met one, and who can act.

https://docs.slack.dev/reference/methods/chat.postMessage#errors, and the same section of conversations.open. Failures
come with HTTP 200 and `ok: false`.
"""

from __future__ import annotations

import re

from trinity_channels.api import Failure, FailureKind

ERRORS = "https://docs.slack.dev/reference/methods/chat.postMessage#errors"

REFUSED = frozenset(
    {
        "not_authed",
        "invalid_auth",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "not_allowed_token_type",
        "org_login_required",
    }
)
"""The token is not valid: nothing works until the owner connects again."""

# https://docs.slack.dev/apis/web-api/rate-limits; team_added_to_org is a migration that ends automatically.
LATER = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded", "team_added_to_org"})

# "Some aspect of the operation succeeded before the error was raised", says the page of internal_error; the others do
# not say that it did not.
AMBIGUOUS = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})

_OPERATOR, _RECIPIENT = FailureKind.OPERATOR, FailureKind.RECIPIENT
_PERMANENT = FailureKind.PERMANENT
_RECONNECT = "Slack no longer accepts the bot token. Reinstall the app, and connect again with its token."
_TOO_LONG = "The message is longer than Slack takes."
_RESTRICTED = "The workspace's rules keep the app from writing there."

FAILURES = {
    **dict.fromkeys(REFUSED, (_OPERATOR, _RECONNECT)),
    "missing_scope": (_OPERATOR, "The app lacks a scope for this. Add it under OAuth & Permissions, and reinstall."),
    "no_permission": (_OPERATOR, "The app has no permission for this. Check its scopes, and reinstall it."),
    "team_access_not_granted": (_OPERATOR, "The organisation has not given the app access to this workspace."),
    "access_denied": (_OPERATOR, "The workspace denies the app access."),
    "accesslimited": (_OPERATOR, "The workspace limits the app's access."),
    "app_access_restricted": (_OPERATOR, "The workspace restricts what this app may do."),
    "ekm_access_denied": (_OPERATOR, "The workspace's administrators have suspended posting."),
    "messages_tab_disabled": (
        _OPERATOR,
        "Direct messages to the app are switched off. App Home → Messages Tab: allow users to write.",
    ),
    "not_in_channel": (_RECIPIENT, "The app is not in this channel. A member must /invite it."),
    # Slack also says so where the app may not write to a person.
    "channel_not_found": (_PERMANENT, "There is no such channel, or the app cannot see it."),
    "is_archived": (_PERMANENT, "The channel is archived."),
    "user_not_found": (_PERMANENT, "There is no such member."),
    "user_not_visible": (_PERMANENT, "The app may not see this member."),
    "user_disabled": (_PERMANENT, "The member's account is deactivated."),
    "cannot_dm_bot": (_PERMANENT, "The recipient is another bot."),
    "restricted_action": (_PERMANENT, _RESTRICTED),
    "restricted_action_read_only_channel": (_PERMANENT, "The channel is read-only."),
    "restricted_action_thread_only_channel": (_PERMANENT, "The channel takes thread replies only."),
    "restricted_action_non_threadable_channel": (_PERMANENT, "The channel takes no thread replies."),
    "restricted_action_thread_locked": (_PERMANENT, "The thread is locked."),
    "cannot_reply_to_message": (_PERMANENT, "This message takes no replies."),
    "invalid_thread_ts": (_PERMANENT, "The thread does not exist any more."),
    "thread_not_found": (_PERMANENT, "The thread does not exist any more."),
    "msg_too_long": (_PERMANENT, _TOO_LONG),
    "msg_blocks_too_long": (_PERMANENT, _TOO_LONG),
    "no_text": (_PERMANENT, "The message is empty."),
    "metadata_too_large": (_PERMANENT, "The message's mark is longer than Slack takes."),
}

# The person cannot be written to until they themselves come back: deactivated, or no person at all.
OPTED_OUT = frozenset({"user_disabled", "cannot_dm_bot"})

_CODE = re.compile("[a-z][a-z0-9_]{0,63}")
# https://docs.slack.dev/reference/scopes; no token has this form.
_SCOPES = re.compile("[a-z_:., ]{1,200}")


def known_code(code: object) -> str:
    """Slack's code, or "unknown" for what does not look like one: it is shown and stored."""
    return code if isinstance(code, str) and _CODE.fullmatch(code) else "unknown"


def known_scopes(scopes: object) -> str:
    """The scopes that Slack names, empty for what does not look like some: they are shown and stored."""
    return scopes if isinstance(scopes, str) and _SCOPES.fullmatch(scopes) else ""


def failure_of(code: str) -> Failure:
    """Explain a refusal; the reasons that Slack invents next are permanent, with its own code."""
    kind, message = FAILURES.get(code, (_PERMANENT, f"Slack refused the message ({code})."))
    return Failure(code, kind, message, ERRORS, opted_out=code in OPTED_OUT)
