"""A complete channel to read and to test the kit with: people at `echo:` addresses, and a provider in memory."""

from trinity_channels_contract_tests.echo.listening import ListeningEcho
from trinity_channels_contract_tests.echo.plugin import Echo
from trinity_channels_contract_tests.echo.provider import EchoSimulator

__all__ = ["Echo", "EchoSimulator", "ListeningEcho"]
