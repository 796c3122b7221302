"""trinity_channels: people reach AI agents from messengers, and agents write first."""
