"""Shares that are imported beside people who wait here: each agent's conversations are looked at once."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.channels.net import Net, Someone
from tests.cli.conftest import Terminal
from tests.imports.platform import document, moved
from trinity_channels.store import messages


async def test_people_who_wait_are_answered_and_told_and_each_is_looked_at_once(
    terminal: Terminal, served: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    await served.connect_all()
    people = {name: Someone(served, "telegram", name) for name in ("zoe", "yan", "xia")}
    for name in ("zoe", "yan"):
        await people[name].says("my question")
        await people[name].verifies(f"{name}@example.org")
    await people["xia"].verifies("xia@example.org")
    looked: Counter[int] = Counter()
    request_turn = messages.request_turn

    def counted(tx: Any, conversation: int) -> object:
        looked[conversation] += 1
        return request_turn(tx, conversation)

    shares = [{"agent": "support", "email": f"person{number}@example.org"} for number in range(20)]
    shares += [{"agent": "support", "email": f"{name}@example.org"} for name in people]
    with monkeypatch.context() as patch:
        patch.setattr(messages, "request_turn", counted)
        done = await moved(terminal, document(shares=shares))
    await served.settle()

    assert done.exit_code == 0, done.stderr
    assert sorted(looked.values()) == [1, 1, 1]
    assert [people[name].heard()[-1] for name in ("zoe", "yan")] == ["echo my question"] * 2
    assert "The owner has let you in" in people["xia"].heard()[-1]
