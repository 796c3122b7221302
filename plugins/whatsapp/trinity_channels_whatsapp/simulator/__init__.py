"""Twilio's WhatsApp API on this machine, for demos and tests. It is not WhatsApp and never calls Twilio."""

from trinity_channels_whatsapp.simulator.accounts import Account, Sender
from trinity_channels_whatsapp.simulator.behaviour import Behaviour
from trinity_channels_whatsapp.simulator.phones import Advertisement, Phone
from trinity_channels_whatsapp.simulator.simulator import TwilioSimulator

__all__ = ["Account", "Advertisement", "Behaviour", "Phone", "Sender", "TwilioSimulator"]
