"""Merges the values that several sources have of one track, by one rule for the whole project.

Sources have an order of precedence. For a person, their own imports precede the shared layer; in the shared layer,
public tables precede the collection (playlists that were given, and results of online sources). Of one owner's files,
the later one precedes, so that a better file repairs an earlier one. A value of the preceding source stays, and others
fill only gaps. There are four exceptions, in which a later value replaces an earlier one:

1. a title with its artists replaces an id that stood for an unknown title;
2. names from a file with a declared encoding replace names read in a guessed encoding;
3. a more precise date of release replaces a date that it begins with;
4. audio features that models may read replace those that may only be shown; and features replace others if they have
   all the same values and more. Features are never a mixture of sources.
"""

from dataclasses import fields, replace
from functools import reduce
from typing import Any

from store.domain import SHOWN_ONLY, AlbumDetails, AudioFeatures, Track, is_unnamed

_NAMES = ("title", "artists", "source", "doubtful")
_PLAIN = (
    *("artists", "album", "year", "duration_ms", "isrc", "popularity", "explicit"),
    *("labels", "artist_genres", "artist_uris"),
)
_ALBUM = tuple(field.name for field in fields(AlbumDetails))


def merged(track: Track, *others: Track) -> Track:
    """Return ``track`` with additional and better values of ``others``, in order of precedence; see the rule above.

    ``value_sources`` of the result names the source of each value that was filled in.
    """
    return reduce(_merged, others, track)


def _merged(track: Track, other: Track) -> Track:
    known: dict[str, Any] = {}
    if _names_better(other, track):
        known = {name: getattr(other, name) for name in _NAMES}
        if track.doubtful and other.album:
            known["album"] = other.album
    taken = [name for name in _PLAIN if _is_missing(getattr(track, name)) and not _is_missing(getattr(other, name))]
    known |= {name: getattr(other, name) for name in taken if name not in known}
    if details := _album_details(track.album_details, other.album_details):
        known["album_details"] = details
        if _released(details) != _released(track.album_details):
            known["year"] = int(_released(details)[:4])
    if better_features(track.features, other.features) is not track.features:
        known["features"] = other.features
    if not other.ids.keys() <= track.ids.keys():
        known["ids"] = {**other.ids, **track.ids}
    source = known.get("source", track.source)
    elsewhere = {name: other.source_of(name) for name in taken if other.source_of(name) != source}
    if elsewhere:
        known["value_sources"] = {**track.value_sources, **elsewhere}
    return replace(track, **known) if known else track


def better_features(known: AudioFeatures | None, other: AudioFeatures | None) -> AudioFeatures | None:
    """Return the better of two sources' audio features by the rule above, ``known`` if neither is better."""
    if known is None or other is None:
        return known or other
    gain = (known.source in SHOWN_ONLY) - (other.source in SHOWN_ONLY)
    better = gain > 0 or (gain == 0 and other.values.items() > known.values.items())
    return other if better else known


def _names_better(other: Track, track: Track) -> bool:
    if is_unnamed(other.title) or not other.title:
        return False
    return is_unnamed(track.title) or not track.title or (track.doubtful and not other.doubtful)


def _is_missing(value: object) -> bool:
    return value is None or value == ()


def _album_details(known: AlbumDetails | None, other: AlbumDetails | None) -> AlbumDetails | None:
    """Return ``known`` with what ``other`` adds to it, None if it adds nothing."""
    if other is None or known is None:
        return other
    filling = {name: getattr(other, name) for name in _ALBUM if _is_missing(getattr(known, name))}
    filling = {name: value for name, value in filling.items() if not _is_missing(value)}
    if len(_released(other)) > len(_released(known)) and _released(other).startswith(_released(known)):
        filling["released"] = other.released
    return replace(known, **filling) if filling else None


def _released(details: AlbumDetails | None) -> str:
    return (details and details.released) or ""
