"""The contract kit: `class TestMine(ChannelContract): channel = "mine"` checks every promise of the plugin contract."""

from trinity_channels_contract_tests.contract import CHECKS, ChannelContract, ContractRefused
from trinity_channels_contract_tests.expectations import BrokenPromise
from trinity_channels_contract_tests.extras import (
    Blocks,
    Corrects,
    Group,
    HasGroups,
    PostsUnknown,
    SendsMedia,
    Signs,
    TakesBack,
    WritesUnaddressed,
)

__all__ = [
    "CHECKS",
    "Blocks",
    "BrokenPromise",
    "ChannelContract",
    "ContractRefused",
    "Corrects",
    "Group",
    "HasGroups",
    "PostsUnknown",
    "SendsMedia",
    "Signs",
    "TakesBack",
    "WritesUnaddressed",
]
