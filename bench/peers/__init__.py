"""What others would use in our place, held to the same questions."""
