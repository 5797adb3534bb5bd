"""The tracks of the catalogue that a model may be trained on."""

from collections.abc import Iterator
from dataclasses import replace

from store.catalogue.catalogue import Snapshot
from store.domain import SHOWN_ONLY, Track, usable_features

# The source of a list imported by a login begins so: "spotify login: Kitchen mix".
_BY_LOGIN = tuple(f"{name} login" for name in SHOWN_ONLY)


def shown_only(source: str) -> bool:
    """Return whether data from ``source`` may be shown but not learnt from."""
    return source in SHOWN_ONLY or source.startswith(_BY_LOGIN)


def learnable(snapshot: Snapshot) -> Iterator[Track]:
    """Yield each track once; tracks and features of sources that may only be shown are left out."""
    seen: set[str] = set()
    for position in range(len(snapshot)):
        track = snapshot.track(snapshot.ref(position))
        if track.id in seen or shown_only(track.source):
            continue
        seen.add(track.id)
        yield replace(track, features=usable_features(track))
