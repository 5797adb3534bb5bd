"""Tastemap's JSON format with everything about a playlist; :mod:`etl.imports.tastemap_json` reads it back.

Version 1 has one item per line, and always every member (unknown ones are null or an empty list)::

    {"format": "tastemap-playlist", "version": 1,
     "playlist": {"id", "name", "source", "created_at", "complete", "item_count",
                  "contributors": [{"id", "count"}], "people": {id: {"name", "colour", "shape"}}, "made_for"},
     "items": [{"position", "added_by", "added_at", "plays", "file",
                "track": {"id", "title", "artists": [], "album", "year", "duration_ms", "isrc", "popularity",
                          "explicit", "labels": [], "artist_genres": [], "source", "ids": {namespace: id},
                          "artist_uris": [],
                          "album_details": null or {"released", "record_label", "artists": [], "artist_uris": [], "uri",
                                                    "cover_url", "disc_number", "track_number"},
                          "features": null or {"values": {name: number}, "source", "fetched_at", "licence",
                                               "confidence"}}}]}

Times are ISO 8601 in UTC; ``popularity`` is 0 to 100; ``file`` is the path of the owner's file; ``released`` is a year,
a month or a day (1979, 1979-11, 1979-11-30); the names and units of ``values`` are those of
:data:`store.domain.AUDIO_FEATURES`; ``position`` counts from 0. Exporting an unchanged playlist gives the same bytes. A
reader refuses later versions than it knows; members may be added without a new version.
"""

from collections.abc import Iterator
from dataclasses import asdict

from etl.exports.json_rows import item_members, playlist_members, stream, track_members
from etl.exports.rows import Pages
from store.domain import Playlist

FORMAT = "tastemap-playlist"
VERSION = 1


def write_tastemap_json(playlist: Playlist, pages: Pages) -> Iterator[bytes]:
    """Yield the file in UTF-8."""
    people = {person: asdict(given) for person, given in playlist.people.items()}
    members = playlist_members(playlist) | {"people": people, "made_for": playlist.made_for}
    document = {"format": FORMAT, "version": VERSION, "playlist": members, "items": []}
    return stream(document, pages, lambda row: item_members(row) | {"track": track_members(row.track)})
