"""Keepers of the record: one folder each, under one contract suite."""
