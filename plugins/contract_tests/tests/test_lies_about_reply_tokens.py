"""Lies about reply tokens; each class is one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx

from trinity_channels.api import (
    Binding,
    Context,
    OutboundMessage,
    Receipt,
    ReplyToken,
    SendError,
    SendUnknown,
    hookimpl,
)
from trinity_channels_contract_tests.echo import Echo


class _SendsAgain(Echo):
    """Echo that sends an answer by token once more without it, as another message."""

    def doubts(self, error: SendError) -> bool:
        raise NotImplementedError

    @hookimpl
    async def send(self, binding: Binding, message: OutboundMessage, ctx: Context) -> Receipt:
        try:
            return await super().send(binding, message, ctx)
        except SendError as error:
            if not (message.reply_to and message.reply_to.token and self.doubts(error)):
                raise
        return await super().send(binding, replace(message, id=f"{message.id}-again", reply_to=None), ctx)


class SendsAgainAfterAnyFailure(_SendsAgain):
    breaks = "test_an_answer_in_doubt_is_not_sent_again"

    def doubts(self, error: SendError) -> bool:
        return True


class SendsAgainInDoubt(_SendsAgain):
    breaks = "test_an_answer_in_doubt_is_not_sent_again"

    def doubts(self, error: SendError) -> bool:
        return isinstance(error, SendUnknown)


class DefersAnswersInDoubt(Echo):
    breaks = "test_an_answer_in_doubt_is_not_sent_again"

    async def post(self, binding: Binding, message: OutboundMessage, ctx: Context) -> dict[str, Any]:
        try:
            return await super().post(binding, message, ctx)
        except httpx.ReadTimeout:
            if message.reply_to and message.reply_to.token:
                raise httpx.ConnectTimeout("") from None
            raise


class NeverUsesTokens(Echo):
    breaks = "test_a_reply_token_is_used"

    def body(self, message: OutboundMessage) -> dict[str, Any]:
        return {name: held for name, held in super().body(message).items() if name != "reply"}


class TakesTheMessageForItsToken(Echo):
    breaks = "test_a_reply_token_is_used"

    def reply_token(self, row: dict[str, Any]) -> ReplyToken | None:
        found = super().reply_token(row)
        return found and replace(found, token=self.named(row))


class NamesNoEnd(Echo):
    breaks = "test_a_reply_token_lives_as_long_as_it_says"

    def reply_token(self, row: dict[str, Any]) -> ReplyToken | None:
        found = super().reply_token(row)
        return found and ReplyToken(found.token)


class PromisesHours(Echo):
    breaks = "test_a_reply_token_lives_as_long_as_it_says"

    def reply_token(self, row: dict[str, Any]) -> ReplyToken | None:
        found = super().reply_token(row)
        return found and ReplyToken(found.token, datetime.fromisoformat(row["at"]) + timedelta(hours=2))


class AnswersWithoutKey(Echo):
    breaks = "test_a_repeated_answer_is_recognised"

    def body(self, message: OutboundMessage) -> dict[str, Any]:
        body = super().body(message)
        return {**body, "once": False} if "reply" in body else body


def test_a_lie_is_found_out(lie: Any, broken_by: Callable[[type], dict[str, str]]) -> None:
    assert set(broken_by(lie)) == {lie.breaks}
