"""Answers that depend only on the question, the catalogue and the models are worked out once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from flask import Response, current_app

from api.services import Services

Answer = Callable[[Services, Mapping[str, Any]], dict[str, Any]]
# About 6 kB an answer: some 12 MB a process at the most.
KEPT = 2048


def cached_answer(services: Services, answer: Answer, query: Mapping[str, Any]) -> Response:
    """Return ``answer(services, query)`` as JSON, from memory where neither catalogue nor question is new.

    Errors are not kept, and neither is what only the store knows: a track that is not in the catalogue yet.
    """
    generation = services.catalogue.current().generation
    body = _rendered(services, answer, generation, tuple(sorted(query.items())))
    return Response(body, mimetype="application/json")


@lru_cache(maxsize=KEPT)
def _rendered(services: Services, answer: Answer, generation: str, items: tuple[tuple[str, Any], ...]) -> bytes:
    return current_app.json.dumps(answer(services, dict(items))).encode()
