"""Imports files with playlists and track tables."""
