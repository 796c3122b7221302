"""Who may chat: the access stories, told on the phone."""

from __future__ import annotations

from tests.world import World
from trinity_channels import texts


async def test_a_kept_question_is_answered_after_approval(world: World) -> None:
    zoe = world.person("Zoe")
    await zoe.says("what is 6 x 7?")
    await zoe.verifies("zoe@example.org")

    await world.decides("zoe@example.org")

    assert zoe.heard() == [
        texts.LOGIN_PROMPT,
        texts.CODE_SENT.format(email="zoe@example.org"),
        texts.VERIFIED_PENDING.format(email="zoe@example.org"),
        texts.APPROVED,
        "echo what is 6 x 7?",
    ]
