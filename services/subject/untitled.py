"""Tracks known only by a stored audio analysis, which no file or source has named."""

from store.domain import Track


def untitled(track_id: str) -> Track:
    """Return the track as it is shown; its title is a placeholder, so that no search or model may use it."""
    return Track(id=track_id, title=f"Untitled analysis {track_id[:6]}…", artists=(), source="audio analysis")
