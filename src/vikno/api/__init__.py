"""How an authority's own system brings cases in: HTTP, files, and a registry that is asked."""
