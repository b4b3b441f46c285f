"""The terminal: the conversation as rich text, or over a plain pipe."""
