"""Takes over what a platform with channels of its own has stored: bindings, people, policies and shares."""
