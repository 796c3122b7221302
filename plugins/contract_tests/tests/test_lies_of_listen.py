"""Lies that `listen` can tell; each class is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trinity_channels.api import Binding, Context, Deliver, Inbound
from trinity_channels_contract_tests.echo import Echo


class DropsTheSecond(Echo):
    breaks = "test_what_people_write_is_delivered"

    async def take(self, row: dict[str, Any], binding: Binding, ctx: Context, deliver: Deliver) -> None:
        async def drop(_: Inbound) -> None:
            pass

        await super().take(row, binding, ctx, drop if row["text"] == "second" else deliver)


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
