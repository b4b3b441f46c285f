"""Conversations, inbox and outbox in one SQLite file: durable turns that share commits."""

from vikno.stores.sqlite.reader import SqliteReader
from vikno.stores.sqlite.store import SqliteStore

__all__ = ["SqliteReader", "SqliteStore"]
