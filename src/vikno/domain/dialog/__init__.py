"""Conversations: state and event in, state and messages out."""
