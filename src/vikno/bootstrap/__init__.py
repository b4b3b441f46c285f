"""The only place that chooses: which store, which bus, which channels."""
