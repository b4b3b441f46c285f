"""Country folders read from files, every finding with its place."""
