"""Liked songs into one's own playlists: what speaks for each playlist, and how likely each is, or none."""
