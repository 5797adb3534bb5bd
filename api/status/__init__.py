"""How this installation is: health, checks, models, and what was imported to learn from."""
