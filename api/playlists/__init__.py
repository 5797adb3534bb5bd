"""Playlists: rows and people, next tracks, who added a track, blends, exports."""
