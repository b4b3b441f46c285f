"""Shared HTTP client, signatures and limits of the wire."""
