"""What the host counts, for Prometheus. Labels hold channel names and outcomes, never a person or an agent."""

from __future__ import annotations

from math import nan
from typing import Any, Self

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
_PREFIX = "trinity_channels"
_ACCEPT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
# Agents take seconds to minutes; accepting takes milliseconds.
_AGENT_SECONDS = (0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


class _Counter(prometheus_client.Counter):
    """Finds the counter of given labels without the library's lock and checks, which take a microsecond each time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._found: dict[tuple[object, ...], Self] = {}

    def labels(self, *values: object) -> Self:  # type: ignore[override]  # no labels by name
        """The counter of these values, in the order of the labels."""
        found = self._found.get(values)
        if found is None:
            found = self._found[values] = super().labels(*values)
        return found


class Metrics:
    """All counters of one host, in a registry of their own, so that two hosts in one process do not meet.

    Attributes:
        webhooks: webhook requests by `channel` and `outcome`: `accepted`, `duplicate`, `receipt`, `ignored`, `misdirected`
            (for a number that the binding does not answer for, or the like), `retired` (to an address that was replaced),
            `unknown_key`, `not_ours` (left to the application around the host), `probe`, `bad_signature`, `malformed`,
            `too_large`, `busy` or `store_failed`.
        delivered: batches that plugins delivered by listening, by `channel` and `outcome` as above, or `store_failed`.
        accept_seconds: from the request's first byte to the provider's answer, by `channel`.
        turns: attempts at a turn by `channel` and `outcome`: `answered`, `silent` (the agent deliberately said nothing),
            `postponed` or `failed`.
        agent_seconds: agent runs.
        deliveries: what attempts to send came to, by `channel` and `state`: the one that the provider took the message in,
            `deferred`, `failed` or `unknown`.
        service_messages: messages that a provider took, by `channel` and `origin`: `agent`, `notice`, `proactive` or `test`.
            A channel may bill each of them.
        notices_withheld: messages of the host's own that were not sent, by `channel` and `limit`, whose budget was used up:
            `contact`, `conversation` or `binding`.
        delivery_attempts: calls of a plugin's `send` by `channel`.
        resends: deliveries resent on request, by `channel`.
        indicate_failures: "typing" that could not be shown, by `channel`.
        failed_auth: requests to the API with a token that is not valid, by `reason`: `unknown`, `expired` or `throttled`.
        login_codes: requests for a code by `outcome`: `sent`, `repeated` (one that was mailed still works), `limited`,
            `locked` (after too many wrong guesses) or `erased` (the person, meanwhile).
        login_guesses: numbers that were compared with a live code, by `outcome`: `right`, `wrong` or `locked` (wrong, and
            one too many).
        mail_failures: mail that the mail server did not take.
        channel_alerts: open alerts about connected channels, by `channel` and `alert`: `quiet`, `signature` or
            `provider_check`.
        chore_failures: rounds of periodic work that failed, by `chore`, such as `request mails`.
        retention_removed: rows past their retention by `kind`: `messages`, `deliveries` and `turns` lost their texts,
            `proactive_messages`, `login_codes` and `audit` were deleted.
        retention_last_run: when a round of that was last completed, as seconds since 1970; 0 if none was yet.
        turns_running: turns that have a slot of their agent.
        turns_waiting: turns that wait for one.
        oldest_open: for how many seconds the oldest message has waited whose turn has not ended, in the whole database; 0 if
            none does, not a number while the database cannot be asked. `/metrics` looks each time.
        leads: 1 in the process that does the periodic work of the host, 0 in the others.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.webhooks = self._counter("webhook_requests", "Webhook requests.", "channel", "outcome")
        self.accept_seconds = self._histogram("accept_seconds", "Time to accept a webhook.", _ACCEPT_SECONDS, "channel")
        self.delivered = self._counter("delivered_batches", "Batches from listening.", "channel", "outcome")
        self.turns = self._counter("turns", "Attempts at a turn.", "channel", "outcome")
        self.agent_seconds = self._histogram("agent_seconds", "Time of agent runs.", _AGENT_SECONDS)
        self.deliveries = self._counter("deliveries", "Attempts to send.", "channel", "state")
        self.service_messages = self._counter("service_messages", "Messages that a provider took.", "channel", "origin")
        self.notices_withheld = self._counter("notices_withheld", "Notices beyond a budget.", "channel", "limit")
        self.delivery_attempts = self._counter("delivery_attempts", "Calls of send.", "channel")
        self.resends = self._counter("resends", "Deliveries sent again on request.", "channel")
        self.indicate_failures = self._counter("indicate_failures", "Indications that failed.", "channel")
        self.login_codes = self._counter("login_codes", "Requests for a login code.", "outcome")
        self.failed_auth = self._counter("failed_auth", "API requests with a wrong token.", "reason")
        self.login_guesses = self._counter("login_guesses", "Numbers compared with a login code.", "outcome")
        self.mail_failures = self._counter("mail_failures", "Mail that was not taken.")
        self.channel_alerts = Gauge(
            f"{_PREFIX}_channel_alerts", "Open alerts about channels.", ["channel", "alert"], registry=self._registry
        )
        self.chore_failures = self._counter("chore_failures", "Rounds of periodic work that failed.", "chore")
        self.retention_removed = self._counter("retention_removed", "Rows past their retention.", "kind")
        self.retention_last_run = self._gauge("retention_last_run_timestamp_seconds", "The last completed round.")

        self.turns_running = self._gauge("turns_running", "Turns with a slot of their agent.")
        self.turns_waiting = self._gauge("turns_waiting", "Turns that wait for a slot.")
        self.oldest_open = self._gauge("oldest_open_seconds", "Age of the oldest message whose turn has not ended.")
        self.oldest_open.set(nan)
        self.leads = self._gauge("leads", "Whether this process does the periodic work of the host.")

    def render(self) -> bytes:
        """Return all metrics in the text format, of type `CONTENT_TYPE`."""
        return generate_latest(self._registry)

    def value(self, name: str, **labels: str) -> float:
        """The present value of a series by its name without the prefix, such as `turns_total`; 0 if it was never set."""
        return self._registry.get_sample_value(f"{_PREFIX}_{name}", labels) or 0

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return _Counter(f"{_PREFIX}_{name}", text, labels, registry=self._registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"{_PREFIX}_{name}", text, registry=self._registry)

    def _histogram(self, name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"{_PREFIX}_{name}", text, labels, registry=self._registry, buckets=buckets)
