"""Files that bring playlists and track tables in."""
