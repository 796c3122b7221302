"""Whether a stored binding still works: one check per question an owner would ask."""

from __future__ import annotations

from trinity_channels.api import Binding, Check, CheckState, Context, FixAction, Verification
from trinity_channels_slack.account import Opened, open_account
from trinity_channels_slack.app import EVENTS, SCOPES
from trinity_channels_slack.settings import settings_of
from trinity_channels_slack.setup_steps import REQUEST_URL


async def run(binding: Binding, ctx: Context) -> Verification:
    """Ask everything that can be asked; errors as the hook `verify` promises."""
    opened = await open_account(settings_of(binding), ctx, listens=binding.listens)
    return Verification(
        opened.account,
        (
            Check("credentials", CheckState.OK, "Slack accepts the bot token."),
            _installation(binding, opened),
            _scopes(opened),
            _socket_mode() if binding.listens else _webhook(ctx.webhook_url),
        ),
    )


def _installation(binding: Binding, opened: Opened) -> Check:
    if opened.account.key == binding.account.key:
        return Check("workspace", CheckState.OK, f"It is the app that was connected: {opened.account.display_name}.")
    return Check(
        "workspace",
        CheckState.FAILED,
        "The token now opens another app or workspace than the one that was connected.",
        "Connect again with the Bot User OAuth Token of the app that people write to.",
        (FixAction.EDIT,),
    )


def _scopes(opened: Opened) -> Check:
    if opened.missing is None:
        return Check("scopes", CheckState.UNKNOWN, "Slack did not report which scopes the app has.")
    if not opened.missing:
        return Check("scopes", CheckState.OK, "The app has every scope it needs.")
    return Check(
        "scopes",
        CheckState.WARNING,
        "Missing: " + "; ".join(f"{scope} ({SCOPES[scope]})" for scope in opened.missing) + ".",
        "OAuth & Permissions → Scopes → Bot Token Scopes: add them, then Reinstall to Workspace. If the token changes,"
        " connect again with the new one.",
        (FixAction.VERIFY, FixAction.EDIT),
    )


def _socket_mode() -> Check:
    return Check("socket_mode", CheckState.OK, "Slack accepts the app-level token.")


def _webhook(webhook_url: str | None) -> Check:
    # The manifest could be read by API, but only with a token that configures every app of a person.
    target = webhook_url or "the webhook URL that appears once the Public Chat URL is set"
    return Check(
        "webhook",
        CheckState.UNKNOWN,
        "Slack does not report where an app's events go; only its settings show it.",
        f"{REQUEST_URL} must be {target} and say Verified; the bot events must be {', '.join(EVENTS)}.",
        (FixAction.SEE_WEBHOOK,),
    )
