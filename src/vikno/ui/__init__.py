"""Page parts that every web floor shares."""
