"""What a mail says to an owner about the people who ask for access to their agent."""

from __future__ import annotations

from trinity_channels import texts
from trinity_channels.access.decision_links import DecisionLinks
from trinity_channels.email_address import shown_email
from trinity_channels.mail.port import Mail
from trinity_channels.plugins import Plugins
from trinity_channels.store.access import AccessRequest, Untold


class DigestMails:
    """Writes them, with a link for each request."""

    def __init__(self, links: DecisionLinks, plugins: Plugins) -> None:
        self._links = links
        self._plugins = plugins

    def of(self, agent: str, owner: str, waiting: Untold) -> Mail:
        """The mail about the requests that an owner has not heard of; those that are not listed are counted."""
        links = [(one, self._links.url(one, owner)) for one in waiting.oldest]
        others = waiting.number - len(waiting.oldest)
        people = [self._entry(one, url) for one, url in links]
        if others:
            people.append(texts.DIGEST_OTHERS.format(number=others))
        count = "One person is" if waiting.number == 1 else f"{waiting.number} people are"
        how = texts.DIGEST_LINKS if any(url for _, url in links) else ""
        return Mail(
            to=owner,
            subject=texts.DIGEST_SUBJECT.format(count=count, agent=agent),
            text=texts.DIGEST_TEXT.format(agent=agent, people="\n\n".join(people), how=how),
        )

    def _entry(self, one: AccessRequest, url: str | None) -> str:
        warning = "" if one.email.isascii() else texts.DIGEST_FOREIGN
        line = f"    {one.id}: {shown_email(one.email)} on {self._plugins.title(one.channel)}{warning}"
        return f"{line}\n    {url}" if url else line
