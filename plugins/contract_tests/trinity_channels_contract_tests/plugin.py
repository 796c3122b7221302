"""What pytest loads: exemptions, and the option `--channel-report`. It does nothing in sessions without a contract.

Imported by every pytest of an environment that has the kit, so it imports nothing heavy until a contract is collected.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from trinity_channels_contract_tests.contract import ChannelContract

CONTRACT = "trinity_channels_contract_tests.contract"
PROPERTY = "channel_check"
ASPECTS = "channel_exempt_aspects"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the report's option."""
    parser.getgroup("channels").addoption(
        "--channel-report",
        metavar="FORMAT[:PATH]",
        help="report of channel contracts with quality tiers: json or md, printed at the end or written to PATH",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start the report if one was asked for."""
    wanted = config.getoption("--channel-report")
    if wanted:
        # Only who asks for a report needs its module.
        from trinity_channels_contract_tests.report import Reporter  # noqa: PLC0415

        try:
            config.pluginmanager.register(Reporter(wanted, PROPERTY, ASPECTS), "channel-report")
        except ValueError as error:
            raise pytest.UsageError(str(error)) from None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark exempt checks, and say in every check's properties which promise it is about."""
    for item in items:
        contract = _contract(item)
        if contract is None:
            continue
        name = item.name
        # `__init_subclass__` sees the class's marks only; a conftest can add more later.
        evading = {mark.name for mark in item.iter_markers()} & sys.modules[CONTRACT].EVASIONS
        if evading:
            raise pytest.UsageError(f"{item.nodeid} is marked {', '.join(evading)}; use `exempt`")
        if name in contract.exempt:  # strict: an exemption that is not needed any more fails
            item.add_marker(pytest.mark.xfail(reason=contract.exempt[name], strict=True))
        item.user_properties.append((PROPERTY, f"{contract.channel or contract.__name__}/{name}"))
        if aspects := contract.exempt_aspects(name):
            item.user_properties.append((ASPECTS, "; ".join(f"{aspect}: {why}" for aspect, why in aspects.items())))


def _contract(item: pytest.Item) -> type[ChannelContract] | None:
    # Not imported here: a session that collects no contract must not pay for it.
    module = sys.modules.get(CONTRACT)
    held = getattr(item, "cls", None)
    if module is None or not isinstance(held, type) or not issubclass(held, module.ChannelContract):
        return None
    return held if item.name in module.CHECKS else None
