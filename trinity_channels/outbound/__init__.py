"""What goes out: replies in the channel's dialect, deliveries, proactive messages."""
