"""The listener's Spotify account: login, lists in and playlists out."""
