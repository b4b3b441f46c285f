"""The `vikno` command: talk, check, consult, diff, paths, run, demo."""
