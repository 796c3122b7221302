"""How Slack refuses a call: with HTTP 200. https://docs.slack.dev/apis/web-api/."""

from __future__ import annotations


class Refusal(Exception):
    """`ok: false`, by Slack's code."""

    def __init__(self, code: str, **fields: str) -> None:
        super().__init__(code)
        self.code = code
        self.fields = fields
