"""Conversations, cases and notices in one SQLite file: durable turns, and small writes that share their commits."""

from vikno.stores.sqlite.reader import SqliteReader
from vikno.stores.sqlite.store import SqliteStore

__all__ = ["SqliteReader", "SqliteStore"]
