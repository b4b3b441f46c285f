"""The API for campaigns: one message to many people."""
