"""Creates the secondary indexes so that a kill cannot leave a wrong one behind.

If the embedded server is killed during ``create_index`` on a filled collection, the index is registered but partial:
queries silently miss documents, and creating it again does nothing. So a journalled marker is set to "building" before
and to "ready" after. If it is found at "building", the indexes are dropped and built again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import IndexModel, WriteConcern
from pymongo.database import Database as MongoDatabase

# Everything else is found by _id. Change VERSION with any change here.
VERSION = 6
INDEXES: Mapping[str, Sequence[IndexModel]] = {
    collection: [IndexModel(name, name=name) for name in names]
    for collection, names in {
        "playlists": ("owner",),
        "runs": ("state", "sha256", "owner"),
        "tracks": ("keys",),
        "own_tracks": ("owner", "keys"),
        "audio_files": ("root", "sha256"),
        "recommendations": ("track_ids", "source"),
        "lookups": ("slice", "expires_hour"),
    }.items()
}


def ensure_indexes(
    database: MongoDatabase[dict[str, Any]],
    indexes: Mapping[str, Sequence[IndexModel]] = INDEXES,
    version: int = VERSION,
) -> str:
    """Create missing indexes and return "ready" (nothing to do), "created" or "rebuilt" (after a kill).

    Only one process at a time may call this on an embedded server; the start lock ensures it.
    """
    meta = database.get_collection("_schema", write_concern=WriteConcern(w="majority", j=True))
    marker = meta.find_one({"_id": "indexes"})
    if marker and marker["state"] == "ready" and marker["version"] == version:
        return "ready"
    killed = marker is not None and marker["state"] == "building"
    meta.replace_one({"_id": "indexes"}, {"state": "building", "version": version}, upsert=True)
    for name, models in indexes.items():
        present = database[name].index_information() if killed else {}
        for model in models:
            if model.document["name"] in present:
                database[name].drop_index(model.document["name"])
        database[name].create_indexes(list(models))
    meta.replace_one({"_id": "indexes"}, {"state": "ready", "version": version}, upsert=True)
    return "rebuilt" if killed else "created"


def missing_indexes(database: MongoDatabase[dict[str, Any]]) -> list[str]:
    """Return the indexes that cannot be used, as "collection.name": all of them while they are being built."""
    marker = database["_schema"].find_one({"_id": "indexes"}) or {"state": "ready", "version": VERSION}
    whole = (marker["state"], marker["version"]) == ("ready", VERSION)
    wanted = {name: [model.document["name"] for model in models] for name, models in INDEXES.items()}
    present = {name: database[name].index_information() if whole else {} for name in wanted}
    return [f"{name}.{index}" for name, indexes in wanted.items() for index in indexes if index not in present[name]]
