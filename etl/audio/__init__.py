"""Computes audio features, and an audio analysis in Spotify's form, from an audio file."""
