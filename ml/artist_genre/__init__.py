"""The genres that a track's artist makes likely: an expert model that is pooled with the genre model."""
