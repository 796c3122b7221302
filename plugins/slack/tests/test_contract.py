from __future__ import annotations

from trinity_channels_contract_tests import ChannelContract


class TestSlack(ChannelContract):
    channel = "slack"
    no_receipts = "No event that Slack sends to apps tells of delivery, or of reading by others: https://docs.slack.dev/reference/events"
    exempt = {  # noqa: RUF012  # the kit reads it from the class
        "test_a_changed_address_is_refused": "Slack signs timestamp and body, not the address: "
        "https://docs.slack.dev/authentication/verifying-requests-from-slack",
    }
