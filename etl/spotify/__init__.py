"""Spotify beyond single facts: the login, playlists in, playlists out, and forgetting an account."""
