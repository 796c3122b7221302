"""Amounts as people write them: Telegram counts the smallest units. https://core.telegram.org/bots/payments#supported-currencies."""

from __future__ import annotations

from decimal import Decimal

# Decimal places of the currencies that do not have two. XTR are Telegram Stars.
_CURRENCIES = {
    0: "BIF CLP CVE DJF GNF ISK JPY KMF KRW MGA PYG RWF UGX UYI VND VUV XAF XOF XPF XTR",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF",
    9: "TON",
}
_PLACES = {name: places for places, names in _CURRENCIES.items() for name in names.split()}


def money(amount: int | None, currency: str) -> dict[str, object]:
    """The amount and its currency, for a note; empty if either is missing."""
    if amount is None or not currency:
        return {}
    places = _PLACES.get(currency, 2)
    return {"amount": f"{Decimal(amount).scaleb(-places):f}", "currency": currency}
