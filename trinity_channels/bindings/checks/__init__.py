"""The checks of a binding's health, one module per subject."""
