"""Perceptual audio features (energy, valence ...) from files, learnt from tracks with a provider's features."""
