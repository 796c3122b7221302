"""The demo for machines and hurried people: one conversation per channel, played, printed and checked step by step."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import httpx
import typer

from trinity_channels import texts
from trinity_channels.api import Heard, Simulator
from trinity_channels.cli.demo.agent import everything
from trinity_channels.cli.demo.environment import AGENT, Environment, apart, fetches, set_up
from trinity_channels.cli.demo.transcript import Transcript
from trinity_channels.cli.errors import CommandFailed
from trinity_channels.outbound.compose import compose
from trinity_channels.store import Tx
from trinity_channels.web.auth import Role, new_token

PATIENCE = 20.0
"""Seconds after which something that should have happened has not."""
LOOK_AGAIN = 0.01
EMAIL = "zoe@example.org"
QUESTION = "Hello! What is 6 x 7?"


class StoryFailed(CommandFailed):
    """Something went otherwise than the story says."""


async def play(*, listen: bool = False) -> None:
    """Play the story on every channel that has a simulator, each in an environment of its own.

    Raises:
        StoryFailed: naming each channel that failed, and what was expected there.
    """
    failed: dict[str, str] = {}
    async with set_up(0, listen=listen) as environment:
        channels = list(environment.simulators)
        failed |= environment.failed
        titles = {one: environment.host.plugins.title(one) for one in [*channels, *failed]}
        await _tell(environment, channels[0], failed, listen=listen)
    # In an environment of its own, so that each begins with strangers.
    for channel in channels[1:]:
        if channel not in failed:
            async with set_up(0, listen=listen) as environment:
                await _tell(environment, channel, failed, listen=listen)
    if played := [titles[one] for one in channels if one not in failed]:
        typer.echo(f"\nEverything went as it should, on {', '.join(played)}.")
    if failed:
        raise StoryFailed("\n".join(f"{titles[one]}: {reason}" for one, reason in failed.items()))


async def _tell(environment: Environment, channel: str, failed: dict[str, str], *, listen: bool) -> None:
    if channel not in failed:
        with apart(failed, channel):
            await Story(environment, channel, fetched=fetches(environment.host.plugins[channel], listen=listen)).play()


class Story:
    """One conversation, from the first greeting to a message that comes too late."""

    def __init__(self, environment: Environment, channel: str, *, fetched: bool) -> None:
        self._fetched = fetched
        self._environment = environment
        self._channel = channel
        self._manifest = environment.host.plugins[channel].manifest
        self._simulator: Simulator = environment.simulators[channel]
        self._zoe = self._simulator.phone("Zoe")
        self._mark = self._manifest.command_mark
        self._email = EMAIL
        self._seen = 0
        self._print = Transcript(f"{self._manifest.title}, simulated on this machine")

    async def play(self) -> None:
        if self._manifest.capabilities.verified_email:
            await self._a_stranger_is_known_to_the_provider()
        else:
            await self._a_stranger_is_asked_to_sign_in()
            await self._the_code_comes_by_mail()
        await self._the_owner_lets_her_in()
        await self._a_long_answer_comes_in_parts()
        await self._she_asks_who_she_is()
        if not self._fetched:
            await self._a_repeated_webhook_changes_nothing()
        await self._a_day_later_the_agent_writes_first()

    # --- the steps ---

    async def _a_stranger_is_known_to_the_provider(self) -> None:
        self._print.step(
            "An unknown person writes; the provider vouches for her e-mail, so the owner is asked; the question is held"
        )
        await self._says(QUESTION)
        await self._hears(texts.PENDING)

    async def _a_stranger_is_asked_to_sign_in(self) -> None:
        self._print.step("An unknown person writes, and is asked to sign in; the question is held")
        await self._says(QUESTION)
        await self._hears(texts.LOGIN_PROMPT)

    async def _the_code_comes_by_mail(self) -> None:
        self._print.step("She signs in with a code from her mailbox, and the owner is asked")
        await self._says(f"{self._mark}login {EMAIL}")
        await self._hears(texts.CODE_SENT.format(email=EMAIL))
        mail = self._environment.mails.to(EMAIL)[-1]
        code = re.search(r"\b[0-9]{6}\b", mail.text)
        if code is None:
            raise StoryFailed("The mail holds no code.")
        self._print.note("mail", f"to {mail.to}: {mail.subject} … {code[0]}")
        await self._says(f"{self._mark}login {code[0]}")
        await self._hears(texts.VERIFIED_PENDING.format(email=EMAIL))

    async def _the_owner_lets_her_in(self) -> None:
        self._print.step("The owner approves by API, and the held question is answered")
        waiting = await self._environment.owner.requests("pending")
        self._expect([one["channel"] for one in waiting] == [self._channel], "one access request")
        self._email = waiting[0]["email"]
        self._print.note(
            "owner", f"POST /api/agents/{AGENT}/access-requests/{waiting[0]['id']}/decide approve: {self._email}"
        )
        await self._environment.owner.decide(waiting[0]["id"], approve=True)
        await self._hears(texts.APPROVED, QUESTION)

    async def _a_long_answer_comes_in_parts(self) -> None:
        limit = self._manifest.limits.text
        parts = len(compose(everything(), self._manifest.dialect, limit))
        count = "one part" if parts == 1 else f"{parts} parts, in order, each"
        self._print.step(f"A long Markdown answer comes in {count} of at most {limit} characters")
        await self._says("Please tell me everything.")
        heard = await self._arrive(parts)
        self._expect(all(len(one.text) <= limit for one in heard), f"no part beyond {limit} characters")
        position, told = 0, _words(" ".join(one.text for one in heard))
        for landmark in re.findall(r"^#+ (.+)$", everything(), re.MULTILINE):
            # From the last one on: the parts must have arrived in order, too.
            position = told.find(_words(landmark), position)
            self._expect(position >= 0, f"“{landmark}” in its place")

    async def _she_asks_who_she_is(self) -> None:
        self._print.step("She asks whom the agent takes her for")
        await self._says(f"{self._mark}whoami")
        await self._hears(texts.WHOAMI.format(email=self._email))

    async def _a_repeated_webhook_changes_nothing(self) -> None:
        self._print.step("The provider repeats its last webhook: acknowledged, and otherwise ignored")
        status = await self._simulator.repeat_last_webhook()
        self._print.note("provider", f"posts the same message again, and is answered {status}")
        self._expect(status == httpx.codes.OK, "an acknowledged repetition (200)")
        await self._simulator.settle()
        # Without this, a second answer could come after we looked.
        await self._environment.host.dispatcher.quiet()
        metrics = (await self._environment.host.http.get(f"{self._environment.url}/metrics")).text
        self._expect('outcome="duplicate"} 1.0' in metrics, "one duplicate in /metrics")
        self._expect(len(self._zoe.heard()) == self._seen, "no second answer")

    async def _a_day_later_the_agent_writes_first(self) -> None:
        window = self._manifest.reply_window
        self._print.step(
            "25 hours later by the provider's clock, the agent writes first, with its own key"
            + (": taken, then refused" if window else ": nothing closes on this channel, so it arrives")
        )
        self._simulator.advance(timedelta(hours=25))
        await self._environment.owner.allow_proactive(self._email)
        key = await self._agent_key()
        text = "Good morning, Zoe. Your report is ready."
        message = await self._environment.owner.send(self._email, self._channel, text, token=key)
        self._print.note("agent", f"POST /api/agents/{AGENT}/messages channel={self._channel}: {text}")
        if window is None:
            await self._hears(text)
            return
        answer = await self._settled(message, key)
        self._print.note("agent", f"GET …/messages/{message}: {answer['status']} {answer['error_code']}")
        self._print.note("", str(answer["error"]))
        self._expect(answer["status"] == "failed", "a failed message")
        self._expect(bool(answer["error_code"] and answer["error"]), "the provider's code, in plain words")

    # --- what the steps are made of ---

    async def _agent_key(self) -> str:
        now = self._environment.host.bindings.contexts.of(self._channel).now()

        def make(tx: Tx) -> str:
            return new_token(tx, Role.AGENT, AGENT, now)

        return await self._environment.host.store.write(make)

    async def _settled(self, message: str, key: str) -> dict[str, object]:
        answer: dict[str, object] = {}

        async def over() -> bool:
            answer.update(await self._environment.owner.message(message, token=key))
            return answer["status"] in ("failed", "read", "unknown")

        await self._until("the provider's last word", over)
        return answer

    async def _says(self, text: str) -> None:
        self._print.says("Zoe", text)
        await self._zoe.says(text)

    async def _hears(self, *expected: str) -> None:
        """Wait for so many messages; each must hold the words that were expected in its place."""
        for one, words in zip(await self._arrive(len(expected)), expected, strict=True):
            # Contained, not equal: the first answer also says that it comes from an AI agent.
            if _words(words) not in _words(one.text):
                raise StoryFailed(f"Expected message: {words}")

    async def _arrive(self, count: int) -> Sequence[Heard]:
        """Wait for so many messages."""
        wanted = self._seen + count

        async def arrived() -> bool:
            return len(self._zoe.heard()) >= wanted

        await self._until(f"{count} messages", arrived)
        heard = self._zoe.heard()[self._seen : wanted]
        self._seen = wanted
        for one in heard:
            self._print.hears("Agent", one.text)
        return heard

    async def _until(self, what: str, happened: Callable[[], Awaitable[bool]]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not await happened():  # noqa: ASYNC110  neither phone nor API has an event
                    await asyncio.sleep(LOOK_AGAIN)
        except TimeoutError:
            raise StoryFailed(f"Timed out after {PATIENCE:g} seconds waiting for {what}.") from None

    def _expect(self, fulfilled: bool, what: str) -> None:
        if not fulfilled:
            raise StoryFailed(f"Expected {what}.")


def _words(text: str) -> str:
    """A text without marks: every channel shows bold and links in its own way."""
    return " ".join(re.findall(r"\w+", text))
