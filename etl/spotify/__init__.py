"""Spotify accounts: the login, importing and writing playlists, and forgetting an account."""
