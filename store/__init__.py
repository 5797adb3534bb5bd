"""What we know: domain types, the database and the catalogue."""
