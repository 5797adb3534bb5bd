"""Stores what readers yield: playlists, track tables, playlist sets and audio analyses."""
