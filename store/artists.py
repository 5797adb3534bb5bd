"""Stores artists that sources have returned, one document for each source and artist."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from store.mongo.connection import Connection

COLLECTION = "artists"


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundArtist:
    """``key`` is the source's id, or the normalised name if it has none; ``popularity`` is 0 to 100."""

    key: str
    name: str
    ids: Mapping[str, str]
    genres: tuple[str, ...] = ()
    popularity: float | None = None


def put_artists(
    database: Connection,
    artists: Sequence[FoundArtist],
    source: str,
    fetched_at: datetime | None,
    licence: str,
    brought_by: str,
) -> int:
    """Store those of ``artists`` (distinct keys) that are new; return how many the run ``brought_by`` has stored."""
    names = {f"{source}:{artist.key}": artist for artist in artists}
    known = database.get_documents(COLLECTION, list(names))
    provenance = {"source": source, "fetched_at": fetched_at, "licence": licence}
    for name, artist in names.items():
        if name not in known:
            facts = {"name": artist.name, "ids": dict(artist.ids), "genres": list(artist.genres)}
            document = {"_id": name, **provenance, **facts, "popularity": artist.popularity, "brought_by": brought_by}
            database.insert_document(COLLECTION, document)
    return len(names) - sum(document["brought_by"] != brought_by for document in known.values())
