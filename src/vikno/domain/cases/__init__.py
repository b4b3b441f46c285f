"""Cases: what a person asked an authority for, and how far it has got."""
