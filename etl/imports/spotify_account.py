"""Reads the data that Spotify sends on request: account data (playlists, library) and streaming histories.

Only the track, the time and the length of a play are read. The IP address, device, country and user agent in the
extended history are neither read nor stored.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from etl.imports.reading.json_file import elements, listed, under
from etl.imports.rows.entries import Begin, Entry, Row, local_file_track, named_track
from etl.imports.rows.history import MIN_PLAYED_MS, TOO_SHORT, History
from etl.values import iso_instant, text, whole

LIKED = "Liked songs"
_OTHERS = (("episode", "podcast episode"), ("audiobook", "audiobook"))


def is_playlists(document: Any) -> bool:
    """Return whether this is a Playlist1.json."""
    return any(_items(playlist) is not None for playlist in listed(document, "playlists"))


def _items(playlist: Any) -> list[Any] | None:
    """Return the items of a playlist, until 2019 its tracks; ``None`` for an object that is no playlist."""
    if under(playlist, "items") is not None:
        return listed(playlist, "items")
    tracks = listed(playlist, "tracks")
    return tracks if any(under(track, "trackName") for track in tracks) else None


def is_library(document: Any) -> bool:
    """Return whether this is a YourLibrary.json."""
    if not isinstance(document, dict) or not isinstance(document.get("tracks"), list):
        return False
    rows = (row for row in document["tracks"] if isinstance(row, dict))
    return "albums" in document or any({"artist", "track"} <= row.keys() for row in rows)


def is_history(document: Any) -> bool:
    """Return whether this is a streaming history, extended or short, of music, podcasts or audiobooks."""
    return any(
        isinstance(row, dict) and ({"ts", "ms_played"} <= row.keys() or {"endTime", "msPlayed"} <= row.keys())
        for row in elements(document)
    )


def playlists(document: Any, source: str) -> Iterator[Entry]:
    """Yield the playlists of a Playlist1.json with their rows."""
    for playlist in listed(document, "playlists"):
        yield Begin(name=text(under(playlist, "name")) or "Playlist without a name")
        for number, item in enumerate(_items(playlist) or (), start=1):
            yield _playlist_row(item, number, source)


def _playlist_row(item: Any, number: int, source: str) -> Row:
    named = under(item, "track") or under(item, "localTrack") or item
    track = local_file_track(under(named, "uri"), source) or named_track(
        under(named, "trackName"),
        under(named, "artistName"),
        source=source,
        uri=under(named, "trackUri"),
        album=under(named, "albumName"),
    )
    if track is not None:
        return Row(line=number, track=track, added_at=iso_instant(under(item, "addedDate")))
    if under(item, "localTrack"):
        return Row(line=number, reason="a local file without a title")
    reasons = (reason for key, reason in _OTHERS if under(item, key))
    return Row(line=number, reason=next(reasons, "no title (the track was withdrawn)"))


def library(document: Any, source: str) -> Iterator[Entry]:
    """Yield the liked songs of a YourLibrary.json. It does not say when each was liked."""
    yield Begin(name=LIKED)
    for number, entry in enumerate(listed(document, "tracks"), start=1):
        track = named_track(
            under(entry, "track"),
            under(entry, "artist"),
            source=source,
            uri=under(entry, "uri"),
            album=under(entry, "album"),
        ) or local_file_track(under(entry, "uri"), source)
        yield Row(line=number, track=track, reason="" if track else "no title (the track was withdrawn)")


def listen(history: History, plays: Iterable[Any], source: str) -> None:
    """Count the plays of one history file."""
    for line, play in enumerate(plays, start=1):
        if isinstance(play, dict) and "endTime" in play:
            _short(history, line, play, source)
        else:
            _extended(history, line, play, source)


def _extended(history: History, line: int, play: Any, source: str) -> None:
    track = named_track(
        under(play, "master_metadata_track_name"),
        under(play, "master_metadata_album_artist_name"),
        source=source,
        uri=under(play, "spotify_track_uri"),
        album=under(play, "master_metadata_album_album_name"),
    )
    if track is None:
        other = "podcast episode" if under(play, "spotify_episode_uri") or under(play, "episode_name") else ""
        other = other or ("audiobook" if under(play, "audiobook_uri") or under(play, "audiobook_title") else "")
        history.skip(line, other or "neither a track nor an episode is named")
        return
    milliseconds = whole(under(play, "ms_played"))
    if milliseconds is not None and milliseconds < MIN_PLAYED_MS:
        history.skip(line, TOO_SHORT)
        return
    history.play(line, track, iso_instant(under(play, "ts")))


def _short(history: History, line: int, play: dict[str, Any], source: str) -> None:
    track = named_track(play.get("trackName"), play.get("artistName"), source=source)
    if track is None:
        other = "podcast episode" if play.get("podcastName") or play.get("episodeName") else ""
        other = other or ("audiobook" if play.get("audiobookName") else "")
        history.skip(line, other or "no title")
    elif (whole(play.get("msPlayed")) or 0) < MIN_PLAYED_MS:
        history.skip(line, TOO_SHORT)
    else:
        history.play(line, track, iso_instant(play.get("endTime")))
