from __future__ import annotations

from trinity_channels_contract_tests import ChannelContract


class TestWhatsApp(ChannelContract):
    channel = "whatsapp"
