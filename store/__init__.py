"""Domain types, the database and the catalogue."""
