"""Whether the host's token is good enough for the platform's agents: findings for the diagnostics."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from trinity_channels.agents.trinity_accounts import Account, TrinityAccounts
from trinity_channels.api import Check, CheckState
from trinity_channels.refusal import Unavailable
from trinity_channels.visible import cleaned_name

SHOWN = 10
"""Agents that a finding names."""


async def rights(accounts: TrinityAccounts, tables: Collection[str]) -> list[Check]:
    """What the platform says about the token and its agents; `tables` are the agents that the settings name."""
    variable = accounts.platform.token_variable
    try:
        me = await accounts.me()
        agents = await accounts.agents() if me else {}
    except Unavailable as error:
        fix = f"Start the platform, or correct {accounts.platform.url_variable} and {variable}."
        return [Check("agents", CheckState.FAILED, error.message, fix)]
    if me is None:
        return [Check("agents", CheckState.FAILED, "The platform does not take the token.", f"Correct {variable}.")]
    return list(_findings(me, agents, tables, variable))


def _findings(me: Account, agents: Mapping[str, str], tables: Collection[str], variable: str) -> Iterator[Check]:
    who = f"{me.identity}, {me.role or 'without a role'}"
    if agents:
        message = f"The platform has {_named(agents)} for the token of {who}."
        if not me.is_admin:
            message += " It may not list accounts: which of them are suspended is not known here."
        yield Check("agents", CheckState.OK, message)
    else:
        fix = f"Share agents with {me.identity} there, or put an administrator's key into {variable}."
        yield Check("agents", CheckState.WARNING, f"The platform has no agent for the token of {who}.", fix)
    foreign = [name for name, owner in agents.items() if owner != me.username]
    if foreign and not me.is_admin:
        message = (
            f"The token of {who} may run {_named(foreign)}, but not see whom they are shared with: no one is let in by a "
            "share, access cannot be granted, and the owner's instructions for people from outside are not read."
        )
        fix = f"Put the key of an administrator, or of the owner of these agents, into {variable}."
        yield Check("agents", CheckState.FAILED, message, fix)
    if unknown := [name for name in tables if name not in agents]:
        message = f"The settings have tables for {_named(unknown)}, which the platform does not show to this token."
        yield Check(
            "agents", CheckState.WARNING, message, "Correct the names, or share these agents with the token's owner."
        )


def _named(names: Collection[str]) -> str:
    shown = [cleaned_name(one)[:100] for one in sorted(names)]
    more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
    return f"{'the agent' if len(shown) == 1 else 'the agents'} {', '.join(shown[:SHOWN])}{more}"
