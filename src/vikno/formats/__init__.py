"""Forms a digital document travels in: one folder each."""
