"""What operators see of a running host: its log, masked, its counters, and failures reported once instead of every time."""
