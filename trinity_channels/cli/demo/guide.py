"""What a newcomer can try on a channel, step by step."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from trinity_channels.api import Channel


def steps(channel: Channel) -> list[Markup]:
    """The steps that make sense on this channel, as HTML."""
    return list(_steps(channel))


def _steps(channel: Channel) -> Iterator[Markup]:
    login = Markup("<code>{}login you@example.org</code>").format(channel.command_mark)
    yield Markup("Write on the phone. The agent only talks to people it knows.")
    if channel.capabilities.verified_email:
        yield Markup("{} vouches for the e-mail address, so the owner is asked at once.").format(channel.title)
    else:
        yield Markup("Send {}. The code comes by mail: send it.").format(login)
    yield Markup("Approve the request under Access Requests, as the owner: the question is answered.")
    yield Markup("Ask it to tell you <b>everything</b>: a long answer, cut and marked up for {}.").format(channel.title)
    yield Markup("Send a photo, turn on a fault, or write as someone else.")
    yield Markup(
        "Let the agent write first, below the phone: the button also allows it, as the owner can under People."
    )
    if channel.reply_window:
        yield Markup("Press “25 hours later” and let the agent write first again: too late.")
    yield Markup(
        "Disconnect {} under Channels, then connect it again, or my-agent in its place: the console below the phone "
        "has what to copy."
    ).format(channel.title)
    if any(step.sandbox for step in channel.setup_steps):
        yield Markup(
            "Try the sandbox: connect its number instead, enter the webhook URL below the phone, and join it there."
        )
