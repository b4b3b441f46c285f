"""Vikno: one window to public services, on every channel."""
