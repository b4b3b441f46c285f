"""Movers of work: one folder each; what they hold can always be rebuilt from the store."""
