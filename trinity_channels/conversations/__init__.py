"""What people and agents wrote, for the owner to read: a list of conversations, and one of them from its end."""
