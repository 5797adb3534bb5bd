"""Prepares the first answers of a process: loads and computes what is needed once, before the first request."""

import logging
import time
from contextlib import suppress
from threading import Thread

from etl.providers.base import Need
from ml.continuation.model import ContinuationQuery
from ml.neighbours.model import NothingToCompare
from services.container import Services
from services.errors import ServiceError
from services.subject.families import KnownGenres
from services.subject.headline import Headline, as_input
from store.errors import StoreDown, TastemapError

log = logging.getLogger(__name__)

# Pause between two looks whether an import has changed the catalogue.
_PAUSE_S = 2.0


def keep_warm(services: Services) -> None:
    """Prepare each generation of the shared catalogue in a thread of its own, as long as the process lives."""
    Thread(target=_watch, args=(services,), name="warming", daemon=True).start()


def _watch(services: Services) -> None:
    prepared = None
    while True:
        prepared = prepare(services, prepared)
        time.sleep(_PAUSE_S)


def prepare(services: Services, prepared: str | None = None) -> str | None:
    """Compute one answer of each kind that reads the catalogue, unless the current one is ``prepared`` already.

    Returns the generation that is prepared now. Errors are only logged: a request that meets the same one reports it.
    """
    try:
        snapshot = services.catalogue.current()
        if snapshot.generation == prepared:
            return prepared
        _ = services.artists.short_names  # computed at its first use
        if len(snapshot):
            track = snapshot.track(snapshot.ref(0))
            given = as_input(track)
            headline = Headline.of(services.artist_genre, given, KnownGenres((), (), None, None, []))
            headline.revise(services.genre.predict_encoded(services.genre.encode([given])))
            snapshot.search(track.title, limit=1)
            with suppress(StoreDown):  # the rest needs no database
                services.engine.on(Need.SIMILAR)
                services.has_recommendations()
            services.neighbours.recommend(snapshot, track, limit=1, corrected=True)
            services.continuation.next(snapshot, ContinuationQuery(tracks=[track]), limit=1)
    except NothingToCompare:
        pass  # the models and the catalogue have been loaded nevertheless
    except (ServiceError, TastemapError) as fault:
        log.warning("The first answers could not be prepared: %s", fault)
        return prepared
    return snapshot.generation
