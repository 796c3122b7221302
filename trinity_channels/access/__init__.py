"""Who may talk to an agent: one policy for all channels."""
