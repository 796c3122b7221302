"""What a newcomer can try on a channel, step by step."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from trinity_channels.api import Channel


def steps(channel: Channel) -> list[Markup]:
    """The steps that make sense on this channel, as HTML."""
    return list(_steps(channel))


def _steps(channel: Channel) -> Iterator[Markup]:
    login = Markup("<code>{}login you@example.com</code>").format(channel.command_mark)
    yield Markup("Write on the phone. The agent only talks to people it knows.")
    if channel.capabilities.verified_email:
        yield Markup("{} vouches for the e-mail address, so the owner is asked at once.").format(channel.title)
    else:
        yield Markup("Send {}, then the code: press “Send it” on the phone, or copy it from the mail below.").format(
            login
        )
    yield Markup("As the owner, approve the request under Access Requests. The agent then answers the question.")
    yield Markup("Ask the agent to tell you <b>everything</b>: a long answer, in parts and formatted for {}.").format(
        channel.title
    )
    yield Markup("Send a photo, turn on a fault, or write as someone else.")
    yield Markup(
        "Press “Agent writes first” below the phone. It first turns on “Agent may write first”, as the owner can under "
        "People."
    )
    if channel.reply_window:
        yield Markup(
            "Press “25 hours later”, then “Agent writes first” again. The message fails: the reply window has closed."
        )
    yield Markup(
        "Disconnect {} under Channels, then connect it again, or connect my-agent instead. The console below the "
        "phone has the values to copy."
    ).format(channel.title)
    if any(step.sandbox for step in channel.setup_steps):
        yield Markup(
            "Try the sandbox: connect its number, enter the webhook URL in the console, then join on the phone."
        )
