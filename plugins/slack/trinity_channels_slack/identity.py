"""Who a member is. https://docs.slack.dev/reference/methods/users.info."""

from __future__ import annotations

from trinity_channels.api import Binding, Context, Identity, ProviderUnavailable, Sender
from trinity_channels.api.http import CallError
from trinity_channels_slack.client import Client, Refused, reading_error
from trinity_channels_slack.fields import Json, object_of, text_of
from trinity_channels_slack.settings import settings_of

MAX_NAME = 100

# Nothing will ever be known of these people, and that is not a reason to keep them waiting.
_NOTHING_TO_KNOW = frozenset({"user_not_found", "user_not_visible", "missing_scope", "no_permission"})

# https://docs.slack.dev/reference/objects/user-object — no one here has verified guests and strangers.
_NOT_A_MEMBER = ("deleted", "is_bot", "is_app_user", "is_restricted", "is_ultra_restricted", "is_stranger")


async def resolve(binding: Binding, sender: Sender, ctx: Context) -> Identity:
    """Look a member up; errors as the hook `resolve_identity` promises."""
    try:
        answer = await Client(settings_of(binding), ctx).users_info(user=sender.address)
    except Refused as error:
        if error.code in _NOTHING_TO_KNOW:
            return Identity((sender.address,), sender.name)
        raise ProviderUnavailable(reading_error(error).message) from None
    except CallError as error:
        raise ProviderUnavailable(reading_error(error).message) from None
    user = object_of(answer.data, "user")
    profile = object_of(user, "profile")
    # An answer about another member must not sign this one in.
    if not profile or text_of(user, "id") != sender.address:
        raise ProviderUnavailable("Slack gave no usable answer about the member.")
    email = text_of(profile, "email")
    return Identity(
        addresses=(sender.address,),
        name=name_in(user) or sender.name,
        verified_email=email if email and _is_own_member(user, binding) else None,
    )


def name_in(user: Json) -> str:
    """What a member is called; `name` is a relic that people neither choose nor see."""
    profile = object_of(user, "profile")
    name = text_of(profile, "display_name") or text_of(profile, "real_name") or text_of(user, "real_name")
    return " ".join(name.split())[:MAX_NAME]


def _is_own_member(user: Json, binding: Binding) -> bool:
    """Tell whether the workspace itself answers for this member's e-mail address."""
    if any(user.get(mark) for mark in _NOT_A_MEMBER) or user.get("is_email_confirmed", True) is not True:
        return False
    facts = binding.account.facts
    enterprise_id = text_of(object_of(user, "enterprise_user"), "enterprise_id")
    return text_of(user, "team_id") == facts.get("team_id") or (
        bool(enterprise_id) and enterprise_id == facts.get("enterprise_id")
    )
