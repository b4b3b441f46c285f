"""Digital documents: issued, held, shown, checked."""
