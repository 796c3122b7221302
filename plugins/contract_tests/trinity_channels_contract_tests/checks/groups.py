"""Groups: what is for the agent, where it was written, and where its answer goes."""

from __future__ import annotations

import inspect
import re
from contextlib import suppress

from trinity_channels.api import MessageReceived, Phone
from trinity_channels_contract_tests.check import Checks, story
from trinity_channels_contract_tests.expectations import NotApplicable, broken, expect, short
from trinity_channels_contract_tests.extras import Group, HasGroups, NamesOthers
from trinity_channels_contract_tests.harness import Harness

TEXT = "who waters the plants?"
CHATTER = ("I am at the station", "you should come too", TEXT)


class Groups(Checks):
    """Capability `groups`."""

    area = "messages"

    @story(
        "receive: `MessageReceived`", "Set `group`, and take `conversation` from the chat, `sender` from the person."
    )
    async def test_a_group_is_not_a_direct_chat(self, harness: Harness) -> None:
        """A message to the agent in a group has `group` and a `conversation` of its own; its sender is who wrote it."""
        declared = harness.manifest.capabilities.groups
        if not isinstance(harness.simulator, HasGroups):
            if declared:
                broken("groups=True is declared, and the simulator has no method `group(name)` that would show it")
            raise NotApplicable("capability groups is not declared")
        if not declared:
            expect(not await _is_heard(harness), "a message in a group was received, and groups is not declared")
            raise NotApplicable("capability groups is not declared")
        direct, ada = await harness.hears("hello"), harness.simulator.phone("Ada")
        group = await _group(harness, "Family")
        found = await heard_in(harness, group, harness.phone, TEXT)
        expect(len(found) == 1, f"groups=True is declared, and a message to the agent in a group became {short(found)}")
        [message] = found
        expect(message.group, "group is False, as if it were a direct chat")
        people = {message.sender.address, direct.conversation, None, ""}
        expect(message.conversation not in people, f"conversation is {message.conversation!r}, that of a direct chat")
        expect(TEXT in message.text, f"{TEXT!r} was received as {message.text!r}")
        others = [one.sender.address for one in await heard_in(harness, group, ada, TEXT)]
        if message.sender.address in others:
            # Alike in direct chats too, test_two_people_are_two says so.
            alike = (await harness.hears("hello", ada)).sender.address == direct.sender.address
            expect(alike, f"two members have the address {message.sender.address!r}")

    @story("receive", "Look for the account's name in the way that the messenger marks it; the rest is Ignored.")
    async def test_chatter_in_a_group_is_ignored(self, harness: Harness) -> None:
        """What members of a group write among each other is no message, also after one to the agent."""
        group = await _declared(harness, "Family")
        for named in (False, True):
            if named:
                await heard_in(harness, group, harness.phone, "to the agent")
            for text in CHATTER:
                found = await heard_in(harness, group, harness.phone, text, named=False)
                expect(not found, f"{text!r}, which was not for the agent, was received as {short(found)}")
        account = harness.binding.account
        # The handle without its marks, such as the `@` by which a messenger may know it.
        handle = re.split(r"\W+", account.sender.lstrip("@"))[0]
        names = [name for name in (account.display_name, handle) if name and not name.isdigit()]
        with harness.aspects("name in the text"):
            for name in names:
                text = f"I have met {name} before, or another {name.lower()}"
                found = await heard_in(harness, group, harness.phone, text, named=False)
                expect(not found, f"{text!r}, which tells of the agent, was received as {short(found)}")
        if isinstance(group, NamesOthers):
            async with harness.hearing() as came:
                await group.names(harness.phone, harness.simulator.phone("Ada"), TEXT)
            found = [
                event for one in came for event in harness.inbound(one).events if isinstance(event, MessageReceived)
            ]
            expect(not found, f"what was written to another member by name was received as {short(found)}")

    @story(
        "receive, send",
        "Make `conversation` of what names the chat, with its topic where answers go there, and send to it as it is.",
    )
    async def test_an_answer_reaches_its_group(self, harness: Harness) -> None:
        """What is sent to a message's `conversation` arrives in its group and in no other; each group has its own."""
        family, work = await _declared(harness, "Family"), await _declared(harness, "Work")
        ada = harness.simulator.phone("Ada")
        said = [(family, harness.phone), (family, ada), (work, harness.phone)]
        found = [(group, await heard_in(harness, group, phone, TEXT)) for group, phone in said]
        if not all(len(one) == 1 and one[0].conversation not in {None, one[0].sender.address} for _, one in found):
            return  # test_a_group_is_not_a_direct_chat says so
        addresses = [str(one.conversation) for _, [one] in found]
        zoes, adas, works = (_place(harness, address) for address in addresses)
        expect(zoes == adas, f"two members write in one group, and the conversations are {zoes!r} and {adas!r}")
        expect(zoes != works, f"two groups have the conversation {zoes!r}")
        for number, ((group, _), address) in enumerate(zip(found, addresses, strict=True)):
            _fits(harness, address)
            text = f"answer {number} for {address}"
            await harness.send(text, address)
            await harness.simulator.settle()
            where = [one is group for one in (family, work) for heard in one.heard() if heard.text == text]
            expect(where == [True], f"what was sent to {address!r} arrived {len(where)} times, not in its group alone")


async def declared(harness: Harness, name: str) -> Group | None:
    """A group, if the channel declares them and its simulator has some."""
    if not harness.manifest.capabilities.groups or not isinstance(harness.simulator, HasGroups):
        return None
    return await _group(harness, name)


async def _group(harness: Harness, name: str) -> Group:
    simulator = harness.simulator
    assert isinstance(simulator, HasGroups)  # noqa: S101  the checks have seen to it
    found = simulator.group(name)
    group = await found if inspect.isawaitable(found) else found
    if not isinstance(group, Group):
        broken(f"simulator.group(name) returned {short(group)}, which has no methods `says` and `heard`")
    return group


async def _is_heard(harness: Harness) -> bool:
    """Whether a message in a group is received by a plugin that declares no groups."""
    with suppress(Exception):  # the method may be another one of the same name
        return bool(await heard_in(harness, await _group(harness, "Family"), harness.phone, TEXT))
    return False


async def _declared(harness: Harness, name: str) -> Group:
    if not harness.manifest.capabilities.groups:
        raise NotApplicable("capability groups is not declared")
    if not isinstance(harness.simulator, HasGroups):
        raise NotApplicable("the simulator has no method `group(name)`")
    return await _group(harness, name)


async def heard_in(
    harness: Harness, group: Group, phone: Phone, text: str, *, named: bool = True
) -> list[MessageReceived]:
    """The messages that something said in a group becomes."""
    async with harness.hearing() as came:
        await group.says(phone, text, named=named)
    events = [event for one in came for event in harness.inbound(one).events]
    # A provider may tell of one message twice, and the host knows it by its id.
    return list({event.event_id: event for event in events if isinstance(event, MessageReceived)}.values())


def _place(harness: Harness, conversation: str) -> str:
    """The group, without the thread in it."""
    mark = harness.manifest.address.thread_mark
    return conversation.partition(mark)[0] if mark else conversation


def _fits(harness: Harness, address: str) -> None:
    form = harness.manifest.address
    expect(re.fullmatch(form.pattern, address), f"the address pattern does not match {address!r}")
    alone = form.person and re.fullmatch(form.person, address)
    expect(not alone, f"`AddressFormat.person` matches {address!r}, which is a group's")
