"""The user's Spotify account: login, importing lists, and writing playlists."""
