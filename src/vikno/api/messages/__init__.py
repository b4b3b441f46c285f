"""The API for organisations that have something to tell people: messages, templates, figures, callbacks."""
