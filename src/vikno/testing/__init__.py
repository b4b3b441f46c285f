"""For authors of packs and channels: in-memory doubles, channel simulators and example drivers."""
