"""The form fields of an inbound webhook. https://www.twilio.com/docs/messaging/guides/webhook-request."""

from __future__ import annotations

import json

from trinity_channels_whatsapp.simulator.accounts import Sender
from trinity_channels_whatsapp.simulator.messages import Message
from trinity_channels_whatsapp.simulator.phones import Phone, Utterance
from trinity_channels_whatsapp.simulator.sids import PREFIX


def inbound(message: Message, phone: Phone, sender: Sender, utterance: Utterance, base_url: str) -> dict[str, str]:
    """Everything that Twilio posts about one message from a person."""
    params = {
        "AccountSid": message.account_sid,
        "ApiVersion": "2010-04-01",
        "Body": message.body,
        "ChannelMetadata": _metadata(phone, utterance),
        # The sandbox sends these two and ReferralNumMedia explicitly, also where they say nothing.
        "Forwarded": "false",
        "FrequentlyForwarded": "false",
        "From": message.from_,
        "MessageSid": message.sid,
        "MessageType": utterance.kind,
        "NumMedia": str(len(message.media)),
        "NumSegments": "1",
        "ProfileName": phone.name,
        "ReferralNumMedia": "0",
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.to,
        **utterance.fields,
    }
    if phone.has_user_id:
        params["ExternalUserId"] = PREFIX + phone.user_id(sender.account)
    # WaId is the number; a person who hides it has none.
    if not phone.hidden:
        params["WaId"] = phone.number.removeprefix("+")
    if message.service_sid:
        params["MessagingServiceSid"] = message.service_sid
    for number, medium in enumerate(message.media):
        path = f"/2010-04-01/Accounts/{message.account_sid}/Messages/{message.sid}/Media/{medium.sid}"
        params[f"MediaUrl{number}"] = base_url + path
        params[f"MediaContentType{number}"] = medium.content_type
    if (original := utterance.replies_to) is not None:
        params["OriginalRepliedMessageSid"] = original.sid
        params["OriginalRepliedMessageSender"] = original.from_
    return params


def _metadata(phone: Phone, utterance: Utterance) -> str:
    context = {"ProfileName": phone.name, "Forwarded": "false", "FrequentlyForwarded": "false", **utterance.context}
    if not phone.hidden:
        context["WaId"] = phone.number.removeprefix("+")
    return json.dumps({"type": "whatsapp", "data": {"context": context}}, ensure_ascii=False, separators=(",", ":"))
