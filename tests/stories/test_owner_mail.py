"""The owner's mail about new requests, when the mail server will not take it."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.world import OWNER, Found, World
from trinity_channels.mail.captured import CapturedMailer
from trinity_channels.mail.port import Mail, MailError


class Picky(CapturedMailer):
    """A mail server that refuses the owner until told otherwise, and remembers when it was asked to."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses = True
        self.tries: list[datetime] = []

    async def send(self, mail: Mail) -> None:
        if mail.to == OWNER:
            self.tries.append(World.now())
            if self.refuses:
                raise MailError("the server does not take it: 550")
        await super().send(mail)


async def test_a_refused_mail_to_the_owner_is_tried_ever_more_rarely_and_arrives(found: Found) -> None:
    server = Picky()
    world = await found(mailer=server)
    world.mails = server
    zoe = world.person("Zoe")
    await zoe.verifies("zoe@example.org")

    for _ in range(6 * 60 * 6):  # six hours of rounds, one every ten seconds
        world.clock.tick(timedelta(seconds=10))
        await world.host._digest.run()

    pauses = [later - before for before, later in zip(server.tries, server.tries[1:], strict=False)]
    assert len(server.tries) < 15
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)
    server.refuses = False
    await world.later(hours=1)
    assert len(server.to(OWNER)) == 1
