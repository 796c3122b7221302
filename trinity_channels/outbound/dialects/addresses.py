"""Addresses behind words: whether the words claim another address, and how an address is written so that it stays one."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote, urlsplit

from trinity_channels.visible import cleaned

_DECORATION = re.compile(r"(?i)^(?:https?://)?(?:www\.)?|/$")
_CONTACT = re.compile(r"(?i)^(?:mailto|tel):")

# What ends or forges a link in the syntax of some channel, and what no address holds unencoded.
_ENCODED = re.compile(r"[\s|<>\"\\`]")
_PARENTHESIS = re.compile(r"[()]")

_CLAIM = re.compile(
    r"[a-z][a-z0-9+.-]*://[^\s/?#]+(?:[/?#]\S*)?"
    r"|[^\s@<>()\"']+@(?:[\w-]+\.)+[^\W\d_]{2,}\.?"
    r"|(?<![\w.-])(?:[\w-]+\.)+(?:[^\W\d_]{2,}|xn--[\w-]+)\.?(?![\w-])(?::\d+)?(?:[/?#]\S*)?"
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])(?::\d+)?(?:/\S*)?"
)
# Browsers take these for dots in a host's name (https://www.unicode.org/reports/tr46/), and readers do too.
_DOTS = str.maketrans(dict.fromkeys("\u3002\uff0e\uff61\u2024", "."))
_UNSEEN = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f]")

# Names of files, none of which is a top-level domain. Those that are (README.md) claim a domain unless the target has them.
_EXTENSIONS = frozenset(
    """
    bat bib bin bmp bz2 cfg class conf cpp css csv cxx dat db deb dll doc docx env exe gif go gz hpp htm html ini ipynb iso
    jar java jpeg jpg js json jsx kt lock log lua mjs mp3 mp4 odt pdf php png pptx ps1 rar rb rpm rtf scss sql svg swift tar
    tex tmp toml ts tsv tsx txt vue war wav webp whl xls xlsx xml yaml yml
    """.split()  # noqa: SIM905  a list of so many strings would fill the page
)


def shown(url: str) -> str:
    """An address as people read it: without `mailto:` and `tel:`."""
    return _CONTACT.sub("", url)


def is_same(label: str, url: str) -> bool:
    """Whether words say nothing but the address itself."""
    return _DECORATION.sub("", label) == _DECORATION.sub("", shown(url))


def encoded(url: str, *, parentheses: bool = False) -> str:
    """The address with percent signs for what would end it or forge another link; `parentheses`: for these, too."""
    url = _ENCODED.sub(_percent, cleaned(url))
    return _PARENTHESIS.sub(_percent, url) if parentheses else url


def claims_another(label: str, url: str) -> bool:
    """Whether words look like an address or domain that is not the one of `url`.

    `BANK.example.`, `bank.example@evil.example` and letters of other scripts that look alike are seen through.
    """
    plain = _plain(label)
    if "." not in plain and "@" not in plain:
        return False
    # An agent may repeat what it has read somewhere: words must not show one address and lead to another.
    return any(not _is_meant(claim, url) for claim in _CLAIM.findall(plain))


def exposed(url: str) -> str:
    """The address with a host of other scripts in its ASCII form, which imitates no other."""
    host = _host(url)
    if host.isascii():
        return url
    try:
        return url.replace(urlsplit(url).netloc.rpartition("@")[2].partition(":")[0], host.encode("idna").decode(), 1)
    except UnicodeError:  # no such host can exist
        return url


def has_user(url: str) -> bool:
    """Whether a user's name stands before the host, where another host may be imitated."""
    return "://" in url and "@" in re.split(r"[/?#\\]", url.partition("://")[2], maxsplit=1)[0]


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _plain(text: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", text.translate(_DOTS))).casefold()


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:  # an IPv6 address that is none
        return ""
    return _bare(host)


def _bare(host: str) -> str:
    return _plain(host).removeprefix("www.").rstrip(".")


def _is_meant(claim: str, url: str) -> bool:
    """Whether one claim of a label is about `url` after all, or about no address."""
    scheme, _, rest = claim.rpartition("://")
    authority, path = re.match(r"([^/?#]*)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    *users, place = authority.split("@")
    if not scheme and users:
        return rest.rstrip(".") == _plain(shown(url)).partition("?")[0]
    host = _bare(place.partition(":")[0])
    if not scheme and not path and (host.rpartition(".")[2] in _EXTENSIONS or _names_part(host, url)):
        return True
    if users or host != _host(url):
        return False
    return path in ("", "/") or _DECORATION.sub("", unquote(rest)) == _DECORATION.sub("", _plain(unquote(url)))


def _names_part(name: str, url: str) -> bool:
    """Whether a file's name stands in the address behind it."""
    path = _plain(unquote(url.partition("://")[2].partition("/")[2]))
    return name in re.split(r"[/?#&=]", path)
