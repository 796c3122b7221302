"""Can messages go out?"""

from __future__ import annotations

from datetime import timedelta

from trinity_channels.api import Check, CheckState, FixAction
from trinity_channels.bindings.checks.known import Known, spoken
from trinity_channels.store import trials
from trinity_channels.store.notices import WITHHELD
from trinity_channels.store.states import OutboxState

TEST_SHOWN = timedelta(days=1)
"""How long a test message that failed is shown: it tells of one person's phone, and the next test may be months away."""


def outbound(known: Known) -> Check:
    """Whether the last messages could be sent."""
    last_test = known.last_test
    if known.stored.send_failure is not None:
        follow, actions = (
            "What failed meanwhile can be sent again.",
            (FixAction.EDIT, FixAction.VERIFY, FixAction.RESEND),
        )
        if last_test and last_test.updated_at == known.stored.send_failed_at:  # it cannot be sent again
            follow = "Then send another test message; one that is accepted clears this."
            actions = (FixAction.EDIT, FixAction.VERIFY, FixAction.TEST_MESSAGE)
        return Check(
            "outbound",
            CheckState.FAILED,
            f"A message was not sent: {_words_first(known.stored.send_failure)}",
            f"Correct that in the settings or in the provider's console, then use Verify. {follow}",
            actions,
        )
    if last_test and last_test.state is OutboxState.FAILED and known.now - last_test.updated_at < TEST_SHOWN:
        # Such as a wrong number: that says nothing about the channel.
        if last_test.failure_kind not in trials.OF_THE_CHANNEL:
            return Check(
                "outbound",
                CheckState.OK,
                "Nothing is known to be wrong with the channel. "
                f"The test message of {spoken(last_test.created_at)} did not reach its recipient: "
                f"{_words_first(f'{last_test.failure_code}: {last_test.failure}')}",
            )
        return Check(
            "outbound",
            CheckState.WARNING,
            f"The test message of {spoken(last_test.created_at)} did not arrive: "
            f"{_words_first(f'{last_test.failure_code}: {last_test.failure}')}",
            "Correct that and send another test message; one that is accepted clears this, and so does a day.",
            (FixAction.TEST_MESSAGE,),
        )
    return Check("outbound", CheckState.OK, "The last message was not refused.")


def host_messages(known: Known) -> Check:
    """Whether the host's own messages stay within their budgets; a single stranger can only use up their own."""
    newest = {one.code: one for one in known.told}
    if found := newest.get(WITHHELD["binding"]):
        return Check(
            "host_messages",
            CheckState.WARNING,
            f"{found.detail} Prompts, help and confirmations beyond that were withheld, the last at {spoken(found.at)}; "
            "answers of the agent are not affected.",
            "If people flood the agent, block them under its clients. If so many people are to be served, raise "
            "TRINITY_CHANNELS_NOTICES_PER_BINDING.",
            (FixAction.SEE_CLIENTS,),
        )
    if found := newest.get(WITHHELD["contact"]):
        return Check(
            "host_messages",
            CheckState.OK,
            f"{found.detail} The rest was withheld from that person, the last at {spoken(found.at)}.",
        )
    if found := newest.get(WITHHELD["conversation"]):
        return Check(
            "host_messages",
            CheckState.OK,
            f"{found.detail} The rest was withheld there, the last at {spoken(found.at)}.",
        )
    return Check("host_messages", CheckState.OK, "No message of the host was withheld in the last day.")


def _words_first(failure: str) -> str:
    """What is stored as "63016: words" with the code, which helps only those who look it up, behind the words."""
    code, found, words = failure.partition(": ")
    return f"{words.rstrip('.')} ({code})." if found and " " not in code else failure
