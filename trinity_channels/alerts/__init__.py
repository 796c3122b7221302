"""Alerts about channels that do not work: raised once, told to the owner, cleared when they work again."""
