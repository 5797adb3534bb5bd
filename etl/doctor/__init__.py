"""The doctor (``python -m etl doctor``): it checks what works here, and says what to do about each fault."""
