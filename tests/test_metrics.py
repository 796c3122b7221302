"""Metrics as Prometheus reads them."""

import re
from math import isnan
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from prometheus_client.parser import text_string_to_metric_families

from tests.world import LOCAL, World
from trinity_channels.observability.metrics import Metrics
from trinity_channels.store import StoreError


def scrape(metrics: Metrics) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families(metrics.render().decode())
    return {(s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples}


def test_webhooks_are_counted_by_channel_and_outcome() -> None:
    metrics = Metrics()

    metrics.webhooks.labels("whatsapp", "accepted").inc()
    metrics.webhooks.labels("whatsapp", "accepted").inc()

    assert scrape(metrics)["trinity_channels_webhook_requests_total", "accepted", "whatsapp"] == 2


def test_every_metric_shows_under_its_name() -> None:
    metrics = Metrics()

    metrics.accept_seconds.labels("slack").observe(0.004)
    metrics.turns.labels("slack", "answered").inc()
    metrics.agent_seconds.observe(3)
    metrics.deliveries.labels("slack", "sent").inc()
    metrics.service_messages.labels("slack", "agent").inc()
    metrics.delivery_attempts.labels("slack").inc()
    metrics.resends.labels("slack").inc()
    metrics.indicate_failures.labels("slack").inc()
    metrics.login_codes.labels("limited").inc()
    metrics.mail_failures.inc()
    metrics.chore_failures.labels("catch-up").inc()
    metrics.channel_alerts.labels("slack", "quiet").set(2)
    metrics.retention_removed.labels("audit").inc(3)
    metrics.retention_last_run.set(1000)

    seen = scrape(metrics)
    assert seen["trinity_channels_accept_seconds_bucket", "0.005", "slack"] == 1
    assert seen["trinity_channels_accept_seconds_bucket", "0.0025", "slack"] == 0
    assert seen["trinity_channels_turns_total", "answered", "slack"] == 1
    assert seen["trinity_channels_agent_seconds_sum",] == 3
    assert seen["trinity_channels_deliveries_total", "sent", "slack"] == 1
    assert seen["trinity_channels_service_messages_total", "agent", "slack"] == 1
    assert seen["trinity_channels_delivery_attempts_total", "slack"] == 1
    assert seen["trinity_channels_resends_total", "slack"] == 1
    assert seen["trinity_channels_indicate_failures_total", "slack"] == 1
    assert seen["trinity_channels_login_codes_total", "limited"] == 1
    assert seen["trinity_channels_mail_failures_total",] == 1
    assert seen["trinity_channels_chore_failures_total", "catch-up"] == 1
    assert seen["trinity_channels_channel_alerts", "quiet", "slack"] == 2
    assert seen["trinity_channels_retention_removed_total", "audit"] == 3
    assert seen["trinity_channels_retention_last_run_timestamp_seconds",] == 1000


def test_two_hosts_in_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()

    first.mail_failures.inc()

    assert scrape(second)["trinity_channels_mail_failures_total",] == 0


@pytest.mark.alone("an application renders them itself")
async def test_the_age_of_the_oldest_message_without_an_answer(
    world: World, clock: FrozenDateTimeFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def age() -> float:
        answer = await world.http.get(f"{LOCAL}/metrics")
        found = re.search(r"^trinity_channels_oldest_open_seconds (.*)$", answer.text, re.MULTILINE)
        assert found
        return float(found[1])

    zoe = world.person("Zoe")
    await zoe.says("answered")
    assert await age() == 0
    world.driver.pause()
    await zoe.phone.says("waits")
    clock.tick(40)
    await world.person("Yan").phone.says("waits, too")
    assert 40 <= await age() < 41

    async def away(_: object) -> None:
        raise StoreError("The database is away.")

    with monkeypatch.context() as patched:
        patched.setattr(world.host.store, "lookup", away)
        assert isnan(await age())
    assert 40 <= await age() < 41


def test_every_metric_is_documented() -> None:
    page = (Path(__file__).parent.parent / "docs/reference/metrics.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    names = {
        f"{family.name}{'_total' if family.type == 'counter' else ''}".removeprefix("trinity_channels_")
        for family in text_string_to_metric_families(Metrics().render().decode())
        if not family.name.endswith("_created")  # the library's own, beside each counter and histogram
    }

    assert documented == names
