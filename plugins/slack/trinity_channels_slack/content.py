"""What a message says: its text, and everything that Slack puts beside it, each thing once.

What people write has `text` and the same words again in `blocks`. But tables, forwards and previews stand in `blocks` or
`attachments` alone, and sometimes `text` is empty although the person wrote something.
"""

from __future__ import annotations

from dataclasses import dataclass

from trinity_channels.api import Attachment, Forwarded, Note, NoteKind
from trinity_channels_slack import blocks, files, secondary
from trinity_channels_slack.blocks import Piece, blocks_of
from trinity_channels_slack.fields import Json, text_of
from trinity_channels_slack.rich_text import Findings
from trinity_channels_slack.secondary import Secondary, card, covered, limited
from trinity_channels_slack.text import mentions, plain, typed

MAX_QUOTE = 2000
"""Characters of a quoted message."""

# What Slack writes into `text` where only the blocks say something.
_STOPGAPS = frozenset({"This content can't be displayed.", "[no preview available]"})


@dataclass(frozen=True, slots=True)
class Content:
    """What a message holds, decoded."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    forwarded: Forwarded | None = None
    notes: tuple[Note, ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.text.strip() or self.attachments or self.forwarded or self.notes)


def read(message: Json, own_id: str) -> Content:
    """Read one message as a person sees it."""
    raw = text_of(message, "text")
    # Old clients and other apps send text alone; then nothing has to be compared.
    if not any(message.get(name) for name in ("blocks", "attachments", "files")):
        return Content(plain(raw, own_id))
    found = Findings()
    raw = "" if raw in _STOPGAPS and blocks_of(message) else raw
    text, in_blocks = _text(raw, message, own_id, found)
    notes = [_card_of(piece, own_id) for piece in in_blocks if not piece.prose]
    notes += [card(limited(plain(piece.text, own_id)), "", "") for piece in in_blocks if piece.prose]
    came = files.read(message.get("files"))
    beside = secondary.read(message, own_id, found)
    forwarded, cards = _beside(beside, text, found)
    inner = [note for one in beside for note in one.notes]
    return Content(
        text=text,
        attachments=came.attachments + tuple(file for one in beside for file in one.attachments),
        forwarded=forwarded,
        notes=(*notes, *came.notes, *cards, *inner, *_unknown(found)),
    )


def is_mentioned(message: Json, own_id: str) -> bool:
    """Tell whether the message's own words mention us; what is forwarded with it does not count."""
    if mentions(text_of(message, "text"), own_id):
        return True
    return any(piece.prose and mentions(piece.text, own_id) for piece in blocks.read(blocks_of(message), Findings()))


def _text(raw: str, message: Json, own_id: str, found: Findings) -> tuple[str, list[Piece]]:
    """The words of the message, and what its blocks hold beyond them."""
    text, beyond, prose = plain(raw, own_id), [], []
    for block in blocks_of(message):
        words = Findings(unknown=found.unknown)
        for piece in blocks.read([block], words):
            if not piece.prose:
                beyond.append(piece)
            elif not raw.strip():
                prose.append(plain(piece.text, own_id))
            # The usual case: the block is `text` once more.
            elif text.strip() and covered(words.words, text):
                continue
            elif typed(text) in typed(said := plain(piece.text, own_id)):  # `text` is cut off, or nothing but our name
                text = said
            else:
                beyond.append(piece)
    return "\n".join(prose) if prose else text, beyond


def _beside(beside: list[Secondary], text: str, found: Findings) -> tuple[Forwarded | None, list[Note]]:
    """The forwarded message, and the other attachments as notes."""
    # A message has one `forwarded`; further ones, which the clients do not make, become cards.
    shared = next((one for one in beside if one.shared), None)
    cards = []
    for one in beside:
        if one is shared:
            continue
        if one.text or one.title or one.url:
            cards.append(_card(one, text))
        elif not (one.attachments or one.notes):
            found.unknown.append("attachment")
    if shared is None:
        return None, cards
    words = "\n".join(filter(None, (shared.title, shared.text))) or ("" if shared.attachments else shared.url)
    return Forwarded(shared.author, words), cards


def _card(one: Secondary, text: str) -> Note:
    """An address that stands in the text already is not repeated."""
    title = one.title
    if one.shared or one.linked:
        who = f" by {one.author}" if one.author else ""
        title = f"{'forwarded' if one.shared else 'linked'} message{who}" + (f", {title}" if title else "")
    elif one.author:
        title = ", ".join(filter(None, (one.author, title)))
    return card(one.text, title, "" if one.url and one.url in text else one.url)


def _card_of(piece: Piece, own_id: str) -> Note:
    return card(limited(plain(piece.text, own_id)), plain(piece.title, own_id), piece.url)


def _unknown(found: Findings) -> list[Note]:
    # Five kinds tell an agent enough; a hostile app could post hundreds.
    return [Note(NoteKind.UNSUPPORTED, {"type": kind}) for kind in dict.fromkeys(found.unknown)][:5]


def words(message: Json, own_id: str) -> str:
    """A whole message in one text, for a quotation: what was said, and the names of what came with it."""
    content = read(message, own_id)
    parts = [content.text]
    if content.forwarded:
        parts.append(content.forwarded.text)
    parts += [
        str(note.data[name]) for note in content.notes for name in ("title", "text", "url") if note.data.get(name)
    ]
    parts += [f"[{file.name or file.media_type}]" for file in content.attachments]
    return limited("\n".join(part for part in parts if part.strip()), MAX_QUOTE)
