"""The HTTP interface for programs of authorities."""
