"""How long what people write is kept: the setting of each agent, and the chore that removes what is older."""
