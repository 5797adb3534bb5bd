"""The services of the application that handles this request, and its cached answers."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from flask import Flask, Response, current_app
from flask_compress import Compress

from api.limits.lockout import Lockout
from api.limits.newcomers import Newcomers
from api.response_cache import KEPT_BYTES, SizedCache, cache_response
from config import Config
from services.container import Services
from services.playlists.warming import keep_warm
from services.viewer import Viewer
from services.views import Worked


def register(app: Flask, config: Config) -> Services:
    """Give ``app`` its services, its cache of answers and compression, and return the services.

    The extension ``keep_warm`` is called in each web process: it prepares the first recommendation.
    """
    container = Services(config)
    app.extensions |= {"tastemap": container, "keep_warm": partial(keep_warm, container)}
    app.extensions["answers"] = SizedCache[bytes](KEPT_BYTES)
    app.extensions |= {"lockout": Lockout(), "newcomers": Newcomers(config.work.sessions)}
    Compress(app)
    return container


def cache_stamp(container: Services, owner: str | None) -> tuple[object, ...]:
    """Return a stamp that changes with the catalogue of an owner, the models or the audio files."""
    return container.catalogue.current(owner).generation, container.registry.stamp(), container.audio.stamp()


def services() -> Services:
    """Return the services of the application that handles this request."""
    return cast(Services, current_app.extensions["tastemap"])


def cached_answer(
    answer: Callable[[Services, Mapping[str, Any], Viewer], Worked], query: Mapping[str, Any], viewer: Viewer
) -> Response:
    """Return ``answer(services, query, viewer)`` as JSON, from the cache if possible.

    Viewers without tracks of their own share cached answers. Three kinds of answers are not cached: errors; answers
    that are not final, because a source may say more another time; and answers for the link of a playlist, which may be
    deleted at any time.
    """
    container, cache = services(), cast(SizedCache[bytes], current_app.extensions["answers"])
    stamp = cache_stamp(container, viewer.owner)
    # The operator is a part of the key, because operators may play more tracks.
    key = (answer, *stamp, viewer.operator, *sorted(query.items()))
    body = None if viewer.link else cache.get(key)
    if body is None:
        worked = answer(container, query, viewer)
        body = current_app.json.dumps(worked.body).encode()
        if not worked.final or viewer.link:
            return Response(body, mimetype="application/json")
        cache.put(key, body, len(body))
    cache_response(viewer.owner, stamp)
    return Response(body, mimetype="application/json")
