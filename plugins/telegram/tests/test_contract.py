from __future__ import annotations

from trinity_channels_contract_tests import ChannelContract

SECRET_ONLY = (
    "Telegram proves a webhook by a secret header alone, the same in every request: "
    "https://core.telegram.org/bots/api#setwebhook"
)


class TestTelegram(ChannelContract):
    channel = "telegram"
    no_receipts = "No kind of update tells a bot of delivery or of reading: https://core.telegram.org/bots/api#update"
    exempt = {  # noqa: RUF012  # the kit reads it from the class
        "test_a_changed_body_is_refused": SECRET_ONLY,
        "test_a_changed_address_is_refused": SECRET_ONLY,
    }
