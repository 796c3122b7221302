"""The set-up checklist: its steps with the button that helps, and what the buttons do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from trinity_channels.access.set_up import SetUp, Step, StepCode
from trinity_channels.agents.reload import AgentReload
from trinity_channels.web.pages.page import Page
from trinity_channels.web.pages.place import safe_path
from trinity_channels.web.pages.visit import Visit
from trinity_channels.web.pages.words import counted


@dataclass(frozen=True, slots=True)
class Button:
    """What helps with a step: a page to open, or a form to post."""

    label: str
    path: str
    post: bool = False


class SetUpPages:
    """`/settings/key-backup` and `/settings/reload`; the checklist itself is a part of other pages."""

    def __init__(self, set_up: SetUp, reload: AgentReload) -> None:
        self._set_up = set_up
        self._reload = reload

    def pages(self) -> Sequence[Page]:
        """The addresses."""
        return [
            Page("/settings/key-backup", self._to_settings),
            Page("/settings/key-backup", self._confirm_key_backup, "POST"),
            Page("/settings/reload", self._to_settings),
            Page("/settings/reload", self._take_over, "POST"),
        ]

    async def values(self, visit: Visit) -> dict[str, Any]:
        """What a page with the checklist shows; `set_up` is None for people who are not administrators."""
        if not visit.is_admin:
            return {"set_up": None}
        state = await self._set_up.of(visit.principal)
        every, left = len(state.steps), len(state.missing)
        title = f"Welcome. {counted(left)} of {counted(every).lower()} steps {'is' if left == 1 else 'are'} left."
        return {"set_up": state, "set_up_title": title, "button_of": self._button}

    def _button(self, step: Step) -> Button | None:
        agent, channel = quote(step.agent, safe=""), quote(step.channel, safe="")
        match step.code:
            case StepCode.AGENT if self._reload.possible:
                return Button("Take the file over", "/settings/reload", post=True)
            case StepCode.ADDRESS:
                return Button("Go to the Public Chat URL", "/settings#url")
            case StepCode.KEY:
                return Button("I have a copy", "/settings/key-backup", post=True)
            case StepCode.CONNECTION:
                return (
                    Button("Choose a channel", f"/agents/{agent}#channels")
                    if agent
                    else Button("Choose an agent", "/agents#all")
                )
            case StepCode.ANSWER if channel:
                return Button("See how far messages get", f"/agents/{agent}/channels/{channel}")
            case _:
                return None

    async def _to_settings(self, visit: Visit) -> Response:
        """For someone who loads the address of a form again."""
        return visit.redirect("/settings")

    async def _confirm_key_backup(self, visit: Visit) -> Response:
        await self._set_up.confirm_key_backup(visit.principal)
        target = safe_path(visit, (await visit.form()).text("next"))
        return visit.redirect(target, "Noted that you have a copy of the encryption key.")

    async def _take_over(self, visit: Visit) -> Response:
        done = await self._reload.run(visit.principal)
        return visit.redirect(safe_path(visit, (await visit.form()).text("next")), done.message.replace("\n", " "))
