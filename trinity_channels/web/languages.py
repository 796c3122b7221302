"""Which languages a reader wants, as browsers and programs tell it."""

from __future__ import annotations

import re

MOST_LANGUAGES = 20
# https://www.rfc-editor.org/rfc/rfc9110.html#field.accept-language
_TAG = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_WEIGHT = re.compile(r"q=([01](?:\.[0-9]{0,3})?)")


def languages(accepted: str) -> list[str]:
    """The languages of an `Accept-Language`, the preferred ones first; what cannot be read is left out."""
    found: list[tuple[float, str]] = []
    for one in accepted.split(",")[:MOST_LANGUAGES]:
        tag, _, quality = one.partition(";")
        weight = _WEIGHT.fullmatch(quality.strip() or "q=1")
        if weight and _TAG.fullmatch(tag.strip()) and float(weight[1]) > 0:
            found.append((-float(weight[1]), tag.strip()))
    return [tag for _, tag in sorted(found, key=lambda pair: pair[0])]
