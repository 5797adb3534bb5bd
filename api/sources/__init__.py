"""Online sources, gathering from them, uploads, and their runs."""
