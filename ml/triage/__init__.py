"""Sorting liked songs into one's own playlists: the evidence for each playlist, and the probability of each."""
