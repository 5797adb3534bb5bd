"""The services of the application that handles this request, and its cached answers."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

from flask import Flask, Response, current_app
from flask_compress import Compress

from api.again import may_be_repeated
from api.lockout import Lockout
from api.newcomers import Newcomers
from config import Config
from services.container import Services
from services.playlists.warming import keep_warm
from services.viewer import Viewer
from services.views import Worked

# Those of the last minute are kept as they went out, too: see api.again.
_CACHED_BYTES = 4 * 1024 * 1024


class AnswerCache:
    """Rendered answers by query, the least recently used dropped first; safe to use from several threads."""

    def __init__(self, kept_bytes: int = _CACHED_BYTES) -> None:
        self._kept_bytes = kept_bytes
        self._size = 0
        self._answers: OrderedDict[object, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, question: object) -> bytes | None:
        with self._lock:
            answer = self._answers.get(question)
            if answer is not None:
                self._answers.move_to_end(question)
            return answer

    def put(self, question: object, answer: bytes) -> None:
        with self._lock:
            self._size += len(answer) - len(self._answers.pop(question, b""))
            self._answers[question] = answer
            while self._size > self._kept_bytes:
                self._size -= len(self._answers.popitem(last=False)[1])


def register(app: Flask, config: Config) -> Services:
    """Give ``app`` its services and the memory for its answers, and return the services.

    Answers of 500 bytes and more are compressed.

    The extension ``keep_warm`` is called in each web process: it prepares the first recommendation.
    """
    here = Services(config)
    app.extensions |= {"tastemap": here, "answers": AnswerCache(), "keep_warm": partial(keep_warm, here)}
    app.extensions |= {"lockout": Lockout(), "newcomers": Newcomers(config.work.sessions)}
    Compress(app)
    return here


def answered_from(here: Services, owner: str | None) -> tuple[object, ...]:
    """Return what changes with the catalogue of an owner, the models and the audio files."""
    return here.catalogue.current(owner).generation, here.registry.stamp(), here.audio.stamp()


def services() -> Services:
    """Return the services of the application that handles this request."""
    return cast(Services, current_app.extensions["tastemap"])


def cached_answer(
    answer: Callable[[Services, Mapping[str, Any], Viewer], Worked], query: Mapping[str, Any], viewer: Viewer
) -> Response:
    """Return ``answer(services, query, viewer)`` as JSON, from memory where catalogue, models and question are known.

    Viewers without rows of their own share their catalogue's answers. An answer that is not final may lack what a
    source tells another time, so it is not kept; nor is an error, nor what the link of a playlist shares, which may be
    deleted at any time.
    """
    here, cache = services(), cast(AnswerCache, current_app.extensions["answers"])
    # Operators may play more of the tracks.
    stamp = answered_from(here, viewer.owner)
    question = (answer, *stamp, viewer.operator, *sorted(query.items()))
    body = None if viewer.link else cache.get(question)
    if body is None:
        worked = answer(here, query, viewer)
        body = current_app.json.dumps(worked.body).encode()
        if not worked.final or viewer.link:
            return Response(body, mimetype="application/json")
        cache.put(question, body)
    may_be_repeated(viewer.owner, stamp)
    return Response(body, mimetype="application/json")
