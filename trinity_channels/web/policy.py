"""A policy as it is written and answered: by name, and as the platform's two booleans."""

from __future__ import annotations

from pydantic import BaseModel, Field, model_validator

from trinity_channels.access.gate import GroupPolicy, Policy
from trinity_channels.refusal import Refusal

_BOOLEANS = {
    Policy.OPEN: (False, True),
    Policy.REQUIRE_EMAIL: (True, True),
    Policy.REQUIRE_SHARING: (True, False),
}
"""The platform's form of a policy: `require_email` and `open_access`."""


class PolicyBody(BaseModel):
    """Either form is accepted: `policy`, or the two booleans, of which one that is left out stays as it is."""

    policy: Policy | None = None
    require_email: bool | None = None
    open_access: bool | None = None
    group_policy: GroupPolicy | None = Field(None, description="Left out, it stays")

    @model_validator(mode="after")
    def _one_form(self) -> PolicyBody:
        if not self.model_fields_set:
            raise ValueError("give policy, or require_email and open_access, or group_policy")
        if self.policy is not None and (self.require_email is not None or self.open_access is not None):
            raise ValueError("give either policy, or require_email and open_access, not both")
        return self

    def value(self, before: Policy) -> Policy:
        """The policy meant by either form, given the one that stands.

        Raises:
            Refusal: the booleans mean none of the three. The platform once took (false, false) for "everyone whose
                e-mail is unknown", so no guess would do.
        """
        if self.policy is not None:
            return self.policy
        stored = _BOOLEANS[before]
        wanted = (
            stored[0] if self.require_email is None else self.require_email,
            stored[1] if self.open_access is None else self.open_access,
        )
        for policy, booleans in _BOOLEANS.items():
            if booleans == wanted:
                return policy
        raise Refusal(
            "invalid_input",
            "require_email and open_access would both be false, which is not a policy. Give both of them, or "
            'policy: "open" (false, true), "require_email" (true, true) or "require_sharing" (true, false).',
            field="open_access" if self.require_email is None else "require_email",
        )


class PolicyAnswer(BaseModel):
    """An agent's policy in both forms."""

    policy: Policy
    require_email: bool
    open_access: bool
    group_policy: GroupPolicy

    @classmethod
    def of(cls, policy: Policy, groups: GroupPolicy) -> PolicyAnswer:
        """The answer about these two."""
        require_email, open_access = _BOOLEANS[policy]
        return cls(policy=policy, require_email=require_email, open_access=open_access, group_policy=groups)
