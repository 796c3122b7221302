"""The transaction of an import: it looks for conflicts with what is here, and writes the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from trinity_channels.access.gate import GroupPolicy, Policy
from trinity_channels.access.sharing import approved_by_share, look_again
from trinity_channels.api import Account
from trinity_channels.imports.newcomers import Newcomers
from trinity_channels.imports.problems import Problems
from trinity_channels.imports.result import Imported, ImportedBinding
from trinity_channels.principal import Principal
from trinity_channels.store import Tx, access, audit, bindings, imported, notices, retired_keys
from trinity_channels.store.imported import Person

_STAY = (
    "Its settings here are not those of the document, and stay. If the document's are right, enter them on the channel's "
    "page."
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A binding as the store takes it.

    Attributes:
        place: what its problems are told of.
        account: what the provider says; None if it was here when the provider was to be asked.
        key: the webhook key, sealed, and its digest.
        keeps_address: whether the key is the platform's.
        differs: whether it is here with other settings.
        to_set: whether the provider is to be told our webhook afterwards.
    """

    place: str
    agent: str
    channel: str
    account: Account | None
    settings: dict[str, object] = field(repr=False)
    secrets: dict[str, str] = field(repr=False)
    key: tuple[str, str] = field(repr=False)
    keeps_address: bool
    to_set: bool
    differs: bool
    people: Sequence[Person] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Contents:
    """What is to be written; `shares` are an agent, an e-mail, and whether the agent may write to it first."""

    bindings: Sequence[Sealed]
    policies: Sequence[tuple[str, Policy, GroupPolicy]]
    shares: Sequence[tuple[str, str, bool]]
    shares_of_owners: int = 0
    shares_elsewhere: int = 0


class Writing:
    """Writes the contents on behalf of a principal."""

    def __init__(self, contents: Contents, by: Principal, now: datetime, newcomers: Newcomers) -> None:
        self._contents = contents
        self._by = by
        self._now = now
        self._newcomers = newcomers

    def __call__(self, tx: Tx) -> Imported:
        """The unit. Bindings that are in conflict with what is here are left out."""
        problems = Problems()
        written = [self._binding(tx, one, problems) for one in self._contents.bindings]
        policies = {agent: self._policy(tx, agent, policy, groups) for agent, policy, groups in self._contents.policies}
        told: dict[str, list[int]] = {agent: [] for agent, new in policies.items() if new}
        added = sum([self._share(tx, *share, told) for share in self._contents.shares])
        # Once for each agent: there may be thousands of shares, and as many conversations that hold messages.
        for agent, conversations in told.items():
            look_again(tx, agent, *conversations)
        return Imported(
            bindings=[one for one in written if one],
            policies_set=[agent for agent, new in policies.items() if new],
            policies_kept=[agent for agent, new in policies.items() if not new],
            shares_added=added,
            shares_kept=len(self._contents.shares) - added,
            shares_of_owners=self._contents.shares_of_owners,
            shares_elsewhere=self._contents.shares_elsewhere,
            problems=problems.found,
        )

    def _binding(self, tx: Tx, one: Sealed, problems: Problems) -> ImportedBinding | None:
        present = bindings.of_agent(tx, one.agent, one.channel)
        holder = imported.key_holder(tx, one.key[1])
        if present and present.connected:
            same_account = one.account is None or one.account.key == present.account.key
            if same_account and (not one.keeps_address or (holder and holder[0] == present.id)):
                return self._people(tx, present.id, one, new=False)
            problems.add(
                one.place,
                "The agent is connected already, with another account or webhook address. Disconnect it first, or leave the "
                "row out.",
            )
        elif holder and (present is None or holder[0] != present.id):
            problems.add(f"{one.place} webhook_secret", "This is the webhook address of another binding here.")
        elif holder and holder[1]:
            problems.add(
                f"{one.place} webhook_secret",
                "This webhook address was replaced here before the agent was disconnected. Connect the agent again instead.",
            )
        elif one.account is None:
            problems.add(one.place, "The agent was disconnected at this moment. Try again.")
        elif bindings.holder(tx, one.channel, one.account.key, other_than=one.agent):
            problems.add(
                one.place,
                "This account belongs to another agent here. Each agent needs its own account.",
            )
        else:
            return self._people(tx, self._save(tx, one, one.account, known=present is not None), one, new=True)
        return None

    def _save(self, tx: Tx, one: Sealed, account: Account, *, known: bool) -> int:
        saved = bindings.save(
            tx,
            one.agent,
            one.channel,
            account,
            settings=one.settings,
            secrets=one.secrets,
            new_key=one.key,
            now=self._now,
        )
        if known:  # it was disconnected, and has the key and the header's secret of then
            notices.clear(tx, saved)
            if imported.key_holder(tx, one.key[1]) is None:
                retired_keys.retire(tx, saved, self._now, self._now)
            bindings.rotate(tx, saved, one.key, self._now)
        if one.keeps_address:
            notices.put(tx, saved, notices.ADDRESS_KEPT, "", self._now)
        if one.to_set:  # here, so that it is not forgotten if the process dies before the provider is told
            notices.put(tx, saved, notices.WEBHOOK_TO_SET, "", self._now)
        return saved

    def _people(self, tx: Tx, binding: int, one: Sealed, *, new: bool) -> ImportedBinding:
        counts: Counter[str] = Counter()
        erased = self._newcomers.erased(tx, binding, one.channel, one.people)
        for person in one.people:
            # Who has written again since is here.
            if person.address in erased and not imported.knows(tx, binding, person.address):
                counts["erased"] += 1
                continue
            if not imported.add(tx, binding, person, self._now):
                counts["known"] += 1
                continue
            counts["people"] += 1
            if person.email:
                counts["sign_in_expired" if self._newcomers.sign_in_expired(person) else "signed_in"] += 1
        if new or counts["people"]:
            details = {"people": counts["people"], "new": new}
            audit.add(tx, self._now, self._by.actor, "import", agent=one.agent, channel=one.channel, details=details)
        return ImportedBinding(
            agent=one.agent,
            channel=one.channel,
            new=new,
            keeps_address=one.keeps_address,
            people=counts["people"],
            signed_in=counts["signed_in"],
            sign_in_expired=counts["sign_in_expired"],
            known=counts["known"],
            erased=counts["erased"],
            note=_STAY if one.differs and not new else "",
        )

    def _policy(self, tx: Tx, agent: str, policy: Policy, groups: GroupPolicy) -> bool:
        """Set the policy of an agent that has none; what its owner has decided here stays."""
        if access.policies(tx, agent) is not None:
            return False
        access.set_policies(tx, agent, policy, groups)
        details = {"policy": policy, "groups": groups}
        audit.add(tx, self._now, self._by.actor, "set_policy", agent=agent, details=details)
        return True

    def _share(self, tx: Tx, agent: str, email: str, allow: bool, told: dict[str, list[int]]) -> bool:
        """Share an agent, and note what is to be told; an e-mail that it is shared with already keeps its consent."""
        if not access.grant(tx, agent, email, self._by.actor, self._now):
            return False
        told.setdefault(agent, []).extend(approved_by_share(tx, self._by, agent, email, self._now))
        if allow:
            access.consent(tx, agent, email, allow=True)
            details = {"email": email, "allow": True}
            audit.add(tx, self._now, self._by.actor, "proactive_consent", agent=agent, details=details)
        return True
