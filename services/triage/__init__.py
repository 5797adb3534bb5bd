"""Triage: sorting the tracks of one playlist (the heap) into one's own playlists."""
