"""Notifications: which message, by which way, and what became of it."""
