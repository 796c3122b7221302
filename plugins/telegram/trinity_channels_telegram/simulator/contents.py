"""What people send besides text, with every field that Telegram always sends.

https://core.telegram.org/bots/api#message: fields that are not marked optional there, checked by a test. Files have
numbers of the simulator's own; there is nothing behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Fields = dict[str, Any]

_FILE: Fields = {"file_id": "simulated-file", "file_unique_id": "simulated-unique-file"}
_PICTURE: Fields = _FILE | {"width": 640, "height": 480}
_VIDEO: Fields = _PICTURE | {"duration": 3}
_STICKER: Fields = _PICTURE | {"type": "regular", "is_animated": False, "is_video": False}
_CHANNEL: Fields = {"id": -1_009_990_900, "type": "channel", "title": "News"}
_AMOUNT: Fields = {"currency": "EUR", "total_amount": 1250}

REQUIRED: Mapping[str, Fields] = {
    "animation": _VIDEO,
    "audio": _FILE | {"duration": 180},
    "chat_shared": {"request_id": 1, "chat_id": _CHANNEL["id"]},
    "checklist": {"title": "Shopping", "tasks": [{"id": 1, "text": "milk"}]},
    "checklist_tasks_added": {"tasks": [{"id": 2, "text": "bread"}]},
    "checklist_tasks_done": {},
    "contact": {"phone_number": "+15557770003", "first_name": "Sam"},
    "dice": {"emoji": "🎲", "value": 4},
    "document": _FILE,
    "game": {"title": "Chess", "description": "A game for two", "photo": [_PICTURE]},
    "gift": {"gift": {"id": "5170145012310081615", "sticker": _STICKER, "star_count": 15}},
    "gift_upgrade_sent": {"gift": {"id": "5170145012310081615", "sticker": _STICKER, "star_count": 15}},
    "giveaway": {"chats": [_CHANNEL], "winners_selection_date": 1795400000, "winner_count": 3},
    "giveaway_winners": {
        "chat": _CHANNEL,
        "giveaway_message_id": 5,
        "winners_selection_date": 1795400000,
        "winner_count": 3,
        "winners": [],
    },
    "invoice": {"title": "Chair", "description": "Oak", "start_parameter": "chair"} | _AMOUNT,
    "live_photo": _VIDEO | {"photo": [_PICTURE]},
    "location": {"latitude": 52.5, "longitude": 13.4},
    "paid_media": {"star_count": 50, "paid_media": [{"type": "preview", "width": 640, "height": 480}]},
    "photo": _PICTURE,
    "poll": {
        "id": "5170145012310081616",
        "question": "Lunch?",
        "options": [{"persistent_id": one, "text": one, "voter_count": 0} for one in ("Yes", "No")],
        "total_voter_count": 0,
        "is_closed": False,
        "is_anonymous": True,
        "type": "regular",
        "allows_multiple_answers": False,
        "allows_revoting": True,
        "members_only": False,
    },
    "refunded_payment": {"invoice_payload": "order-7", "telegram_payment_charge_id": "fake-charge"} | _AMOUNT,
    "rich_message": {"blocks": [{"type": "paragraph", "text": "a question"}]},
    "sticker": _STICKER,
    "story": {"chat": _CHANNEL, "id": 3},
    "successful_payment": {
        "invoice_payload": "order-7",
        "telegram_payment_charge_id": "fake-charge",
        "provider_payment_charge_id": "fake-charge",
    }
    | _AMOUNT,
    "unique_gift": {
        "gift": {
            "gift_id": "5170145012310081615",
            "base_name": "Cap",
            "name": "Cap-7",
            "number": 7,
            "model": {"name": "Red", "sticker": _STICKER, "rarity_per_mille": 10},
            "symbol": {"name": "Star", "sticker": _STICKER, "rarity_per_mille": 10},
            "backdrop": {
                "name": "Night",
                "colors": {"center_color": 1, "edge_color": 2, "symbol_color": 3, "text_color": 4},
                "rarity_per_mille": 10,
            },
        },
        "origin": "transfer",
    },
    "users_shared": {"request_id": 1, "users": [{"user_id": 5_550_002}]},
    "venue": {"location": {"latitude": 52.5, "longitude": 13.4}, "title": "Shop", "address": "Road 1"},
    "video": _VIDEO,
    "video_note": _FILE | {"length": 240, "duration": 3},
    "voice": _FILE | {"duration": 4},
    "web_app_data": {"data": '{"order":7}', "button_text": "Order"},
}

# What stands beside a kind for bots that are older than it.
_BESIDE: Mapping[str, Callable[[Fields], Fields]] = {
    "animation": lambda held: {"document": {name: held[name] for name in _FILE}},
    "live_photo": lambda held: {"photo": held["photo"]},
    "venue": lambda held: {"location": held["location"]},
}


def complete(kind: str, fields: Fields) -> Fields:
    """The fields of a message that holds content of this kind: what is given, and what is always there."""
    held = {**REQUIRED.get(kind, {}), **fields}
    if "file_id" in fields and "file_unique_id" not in fields:
        held["file_unique_id"] = f"unique-{fields['file_id']}"
    beside = _BESIDE[kind](held) if kind in _BESIDE else {}
    # A photo is a list of its sizes.
    return {kind: [held] if kind == "photo" else held} | beside
