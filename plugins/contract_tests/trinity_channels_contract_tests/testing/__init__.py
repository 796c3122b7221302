"""What the tests of a plugin need beside the contract: recorded payloads, a scripted provider, a simulator on a socket."""

from trinity_channels_contract_tests.sockets import Sockets
from trinity_channels_contract_tests.testing.phone_page import loads_its_own_files_only
from trinity_channels_contract_tests.testing.recorded import Recorded
from trinity_channels_contract_tests.testing.scripted import (
    HostStandIn,
    Script,
    ScriptedProvider,
    answering,
    failing,
    failure_of,
)
from trinity_channels_contract_tests.testing.served import Serve, served

__all__ = [
    "HostStandIn",
    "Recorded",
    "Script",
    "ScriptedProvider",
    "Serve",
    "Sockets",
    "answering",
    "failing",
    "failure_of",
    "loads_its_own_files_only",
    "served",
]
