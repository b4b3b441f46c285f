"""The web: consultations as pages, and the chat window."""
