"""The state of this installation: health, checks, models, packages and data sets."""
