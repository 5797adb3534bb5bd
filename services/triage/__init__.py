"""A heap sorted into one's own playlists."""
