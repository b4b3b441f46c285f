"""The decision table of a service, for the lawyer who signs: in words, as a page, a spreadsheet and a graph."""
