"""Messengers, mail and text messages: one folder each, found by looking."""
