"""What Slack reports of the installation itself.

https://docs.slack.dev/reference/events/tokens_revoked and https://docs.slack.dev/reference/events/app_uninstalled — any
member may remove an app; both events then come, in any order.
"""

from __future__ import annotations

from trinity_channels.api import Account, BindingState
from trinity_channels_slack.fields import Json, object_of

_AGAIN = (
    "Install the app to the workspace again, copy its Bot User OAuth Token from OAuth & Permissions, and enter it in the"
    " agent's settings."
)


def account_state(kind: str, event: Json, account: Account) -> BindingState | None:
    """What became of the installation; None if the event is not about ours."""
    if kind == "app_uninstalled":
        return BindingState(kind, works=False, message="The app was removed from the Slack workspace.", fix=_AGAIN)
    # The tokens of members (`oauth`) are not used.
    bots = object_of(event, "tokens").get("bot")
    if kind == "tokens_revoked" and isinstance(bots, list) and account.sender in bots:
        return BindingState(
            kind, works=False, message="The app's token was revoked in the Slack workspace.", fix=_AGAIN
        )
    return None
