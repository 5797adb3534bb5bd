"""Cache keys: which queries are equal.

The key of a text query is made of the normalised text and the page. The key of a track is made of the source's own
id of it; if that is not known, of the ids in the namespaces that the source reads (``About.reads`` and its own) and
the normalised title and artists. Album, year and duration only help a source to choose between editions and are left
out. The owner is left out too, because sources answer the same to everybody.
"""

import hashlib
import json

from etl.providers.base import About, LookupQuery, Need
from store.text import normalise, plain_title

# The URL of a preview expires within minutes, so it is fetched when somebody listens.
NEVER_CACHED = frozenset({Need.PREVIEW})
_BY_TEXT = frozenset({Need.SEARCH, Need.GENRE_TRACKS, Need.ARTISTS})


def answer_key(about: About, need: Need, query: LookupQuery) -> str:
    """Return the ``_id`` of an answer in ``lookups``: ``<need>:<source>:<32 hex digits>``."""
    parts = [normalise(query.text), query.page] if need in _BY_TEXT else _of_track(about, query)
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
    return f"{need}:{about.name}:{digest}"


def _of_track(about: About, query: LookupQuery) -> list[object]:
    identity = query.identity
    if about.name in identity.ids:
        return [identity.ids[about.name]]
    read = {
        name: value for name, value in identity.ids.items() if name in about.reads or name.startswith(f"{about.name}_")
    }
    return [
        sorted(read.items()),
        normalise(plain_title(identity.title)),
        [normalise(artist) for artist in identity.artists],
    ]
