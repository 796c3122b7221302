"""How far a message got, in Twilio's words and in ours."""

from __future__ import annotations

from trinity_channels.api import DeliveryState

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
# Not here, hence ignored: receiving and received (another person's message to us), partially_delivered (never WhatsApp).
STATES = {
    "accepted": DeliveryState.QUEUED,
    "scheduled": DeliveryState.QUEUED,
    "queued": DeliveryState.QUEUED,
    "sending": DeliveryState.QUEUED,
    "sent": DeliveryState.SENT,
    "delivered": DeliveryState.DELIVERED,
    "read": DeliveryState.READ,
    "undelivered": DeliveryState.FAILED,
    "failed": DeliveryState.FAILED,
    "canceled": DeliveryState.FAILED,
}
