"""A policy as it is written and answered: by name, and as the platform's two booleans."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field, model_validator

from trinity_channels.access.gate import GroupPolicy, Policy
from trinity_channels.access.platform_policy import AUTH_MODES, BOOLEANS, GROUPS, POLICIES, GroupAuthMode


class PolicyBody(BaseModel):
    """Either form is accepted: `policy`, or the two booleans, of which one that is left out stays as it is."""

    policy: Policy | None = None
    require_email: bool | None = None
    open_access: bool | None = None
    group_policy: GroupPolicy | None = Field(None, description="Left out, it stays")
    group_auth_mode: GroupAuthMode | None = Field(
        None, description="The platform's form of `group_policy`; left out, it stays"
    )

    @model_validator(mode="after")
    def _one_form(self) -> PolicyBody:
        if not self.model_fields_set:
            raise ValueError("give policy, or require_email and open_access, or group_policy or group_auth_mode")
        if self.policy is not None and (self.require_email is not None or self.open_access is not None):
            raise ValueError("give either policy, or require_email and open_access, not both")
        if None not in (self.group_policy, self.group_auth_mode) and self.group_policy is not self.groups:
            raise ValueError("group_policy and group_auth_mode say different things; give one of them")
        return self

    @property
    def groups(self) -> GroupPolicy | None:
        """The policy for groups in either form; None if it stays."""
        return GROUPS[self.group_auth_mode] if self.group_auth_mode else self.group_policy

    def value(self, before: Policy) -> Policy:
        """The policy meant by either form, given the one that stands."""
        if self.policy is not None:
            return self.policy
        email, is_open = BOOLEANS[before]
        return POLICIES[
            email if self.require_email is None else self.require_email,
            is_open if self.open_access is None else self.open_access,
        ]


class PolicyAnswer(BaseModel):
    """An agent's policy in both forms."""

    policy: Policy
    require_email: bool
    open_access: bool
    group_policy: GroupPolicy
    group_auth_mode: GroupAuthMode
    changed_by: str | None = Field(description="Who set it last, as the audit log names them; null if no one has")
    changed_at: datetime | None

    @classmethod
    def of(cls, policy: Policy, groups: GroupPolicy, changed: tuple[str, datetime] | None) -> PolicyAnswer:
        """The answer about these two; `changed` is by whom and when."""
        require_email, open_access = BOOLEANS[policy]
        return cls(
            policy=policy,
            require_email=require_email,
            open_access=open_access,
            group_policy=groups,
            group_auth_mode=AUTH_MODES[groups],
            changed_by=changed[0] if changed else None,
            changed_at=changed[1] if changed else None,
        )
