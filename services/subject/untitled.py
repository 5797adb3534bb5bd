"""A track that is known by its stored audio analysis alone: neither a file nor a source has named it."""

from store.domain import Track


def untitled(track_id: str) -> Track:
    """Return the track as it is shown; its title is no name, so nothing may be searched or told by it."""
    return Track(id=track_id, title=f"Untitled analysis {track_id[:6]}…", artists=(), source="audio analysis")
