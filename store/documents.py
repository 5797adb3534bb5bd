"""Translates domain types to MongoDB documents and back; a missing value has no field."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from store.domain import ALBUM_FIELDS, AlbumDetails, AudioFeatures, Person, Playlist, PlaylistItem, Track
from store.gaps import merged
from store.text import recording_key

Document = dict[str, Any]

# The tracks that people import, apart from the shared layer: only their owner, and people who may open a playlist of
# the owner, see them.
OWN_TRACKS = "own_tracks"

_PLAYLIST_FIELDS = ("name", "owner", "source", "item_count", "complete", "shared", "created_at")
_PERSON_FIELDS = ("name", "colour", "shape")
_TRACK_FIELDS = tuple(
    field.name for field in fields(Track) if field.name not in {"id", "features", "album_details", "doubtful"}
)


def layer_of(owner: str | None) -> str:
    """Return the collection that holds the tracks of ``owner``; without one, that of the shared layer."""
    return "tracks" if owner is None else OWN_TRACKS


def track_key(track_id: str, owner: str | None) -> str:
    """Return the ``_id`` of a track's document in the layer of ``owner``."""
    return track_id if owner is None else f"{owner}:{track_id}"


def track_document(track: Track, brought_by: str, owner: str | None = None) -> Document:
    """Return the document of ``track``; ``brought_by`` names the run and page that imports it."""
    document: Document = {"_id": track_key(track.id, owner), "brought_by": brought_by}
    if owner is not None:
        document |= {"owner": owner, "track": track.id}
    document |= _filled(track, _TRACK_FIELDS)
    if track.doubtful:
        document["doubtful"] = True
    if track.album_details is not None:
        document["album_details"] = _filled(track.album_details, ALBUM_FIELDS)
    if track.features is not None:
        document["features"] = features_document(track.features)
    keys = [*recording_keys(track), *(id_key(name, id_) for name, id_ in track.ids.items())]
    document["keys"] = [track_key(key, owner) for key in keys]
    return document


def _filled(value: Track | AlbumDetails, names: Iterable[str]) -> Document:
    found = {name: getattr(value, name) for name in names}
    known = {name: part for name, part in found.items() if part is not None and part not in ((), {})}
    return {name: list(part) if isinstance(part, tuple) else part for name, part in known.items()}


def recording_keys(track: Track) -> list[str]:
    """Return the keys that other tracks of the same recording may share: the ISRC, and the title with the artist."""
    names = f"name:{recording_key(track.title, track.first_artist)}"
    return [f"isrc:{track.isrc}", names] if track.isrc else [names]


def id_key(namespace: str, id_: str) -> str:
    """Return the key of a track's id at a service; ids of MusicBrainz may be written in capitals."""
    return f"{namespace}:{id_.lower() if namespace == 'mbid' else id_}"


def features_document(features: AudioFeatures) -> Document:
    """Return audio features as a part of their track's document."""
    known = {name: getattr(features, name) for name in ("source", "confidence", "fetched_at", "licence")}
    return _known({"values": dict(features.values), **known})


def _known(document: Mapping[str, Any]) -> Document:
    return {name: value for name, value in document.items() if value is not None}


def track_from(document: Mapping[str, Any]) -> Track:
    """Return the track of a document that :func:`track_document` made."""
    known: Document = {name: document[name] for name in _TRACK_FIELDS if name in document}
    for name in ("artists", "labels", "artist_genres", "artist_uris"):
        known[name] = tuple(known.get(name, ()))
    if "album_details" in document:
        known["album_details"] = _album_details(document["album_details"])
    features = AudioFeatures(**document["features"]) if "features" in document else None
    doubtful = document.get("doubtful", False)
    return Track(id=document.get("track", document["_id"]), features=features, doubtful=doubtful, **known)


def _album_details(document: Mapping[str, Any]) -> AlbumDetails:
    known: Document = {name: tuple(part) if isinstance(part, list) else part for name, part in document.items()}
    return AlbumDetails(**known)


def track_changes(stored: Mapping[str, Any], offered: Track, *, repair: bool) -> Document:
    """Return the fields that ``offered`` changes in a stored track: gaps, or with ``repair`` all values it has.

    The rules are those of :mod:`store.gaps`.
    """
    known = track_from(stored)
    if _same_report(offered.features, known.features):
        offered = replace(offered, features=known.features)
    track = merged(offered, known) if repair else merged(known, offered)
    owner = stored.get("owner")
    new = track_document(track, stored["brought_by"], owner)
    if not repair:  # the track can also be found by the names in the other file
        new["keys"] = list(dict.fromkeys([*stored.get("keys", ()), *new["keys"], *_keys_of(offered, owner)]))
    changes = {name: value for name, value in new.items() if value != stored.get(name)}
    if "features" in changes:
        changes["features_by_source"] = reports_by_source(stored, "features", new["features"])
    return changes | ({"doubtful": False} if known.doubtful and not track.doubtful else {})


def _same_report(one: AudioFeatures | None, other: AudioFeatures | None) -> bool:
    """Return whether both have the same source and values; their times may differ."""
    return one is not None and other is not None and (one.source, one.values) == (other.source, other.values)


def _keys_of(track: Track, owner: str | None) -> list[str]:
    return track_document(track, "", owner)["keys"]


def reports_by_source(stored: Mapping[str, Any], what: str, new: Mapping[str, Any] | None = None) -> list[Document]:
    """Return each source's report of a track's "features" or "genres" (``what``); ``new`` replaces its source's report.

    It is a list, because the name of a source may contain a dot. The features that a track was imported with may be in
    ``features`` only.
    """
    by_source = {report["source"]: report for report in stored.get(f"{what}_by_source", ())}
    if what == "features" and "features" in stored:
        by_source.setdefault(stored["features"]["source"], stored["features"])
    return list((by_source | ({new["source"]: dict(new)} if new else {})).values())


def item_document(item: PlaylistItem) -> Document:
    """Return a playlist row as a part of its page; its position in the page implies its ``position``."""
    known = {"track": item.track_id, "by": item.added_by, "at": item.added_at, "plays": item.plays, "file": item.file}
    return _known(known)


def item_from(document: Mapping[str, Any], position: int) -> PlaylistItem:
    return PlaylistItem(
        position=position,
        track_id=document["track"],
        added_by=document.get("by"),
        added_at=document.get("at"),
        plays=document.get("plays"),
        file=document.get("file"),
    )


def playlist_document(playlist: Playlist) -> Document:
    """Return the document of a playlist. Contributors are pairs, because an id may contain a dot.

    A playlist without people has no ``people`` field, so that a repeated import does not delete the stored names. The
    name that a user gave it is a field of its own, ``renamed``, for the same reason.
    """
    people = {"people": people_rows(playlist.people)} if playlist.people else {}
    contributors = [list(pair) for pair in playlist.contributors.items()]
    plain = {name: getattr(playlist, name) for name in _PLAYLIST_FIELDS}
    made_for = {"made_for": True} if playlist.made_for else {}
    return {"_id": playlist.id, **plain, "contributors": contributors, **people, **made_for}


def people_rows(people: Mapping[str, Person]) -> list[list[str | None]]:
    """Return a row for each person: id, name, colour and, if there is one, shape."""
    shapes = {id_: [person.shape] if person.shape else [] for id_, person in people.items()}
    return [[id_, person.name, person.colour, *shapes[id_]] for id_, person in people.items()]


def playlist_from(document: Mapping[str, Any]) -> Playlist:
    """Return the playlist of a document that :func:`playlist_document` made."""
    return Playlist(
        id=document["_id"],
        contributors=dict(document["contributors"]),
        people={
            id_: Person(**dict(zip(_PERSON_FIELDS, given, strict=False))) for id_, *given in document.get("people", ())
        },
        made_for=document.get("made_for", False),
        **{name: document[name] for name in _PLAYLIST_FIELDS} | {"name": document.get("renamed", document["name"])},
    )
