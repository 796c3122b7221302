"""The platform's form of a policy: two booleans, and a word for groups."""

from __future__ import annotations

from typing import Literal

from trinity_channels.access.gate import GroupPolicy, Policy

BOOLEANS = {
    Policy.OPEN: (False, True),
    Policy.OPEN_UNTIL_VERIFIED: (False, False),
    Policy.REQUIRE_EMAIL: (True, True),
    Policy.REQUIRE_SHARING: (True, False),
}
"""`require_email` and `open_access` of each policy."""
POLICIES = {booleans: policy for policy, booleans in BOOLEANS.items()}
GroupAuthMode = Literal["none", "any_verified", "off"]
GROUPS: dict[GroupAuthMode, GroupPolicy] = {
    "none": GroupPolicy.OPEN,
    "any_verified": GroupPolicy.ANY_VERIFIED,
    # Not known to the platform. Shown as one of its two, it would come back as that from clients that write what they read.
    "off": GroupPolicy.OFF,
}
"""`group_auth_mode` as a policy for groups."""
AUTH_MODES = {policy: mode for mode, policy in GROUPS.items()}
