"""Playlists: rows and people, what comes next, who added a track, blends, files."""
