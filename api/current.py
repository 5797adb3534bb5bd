"""The services of the application that handles this request, and its cached answers."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, current_app

from services.answers import Worked
from services.container import Services

Answer = Callable[[Services, Mapping[str, Any]], Worked]


def services() -> Services:
    """Return the services of the application that handles this request."""
    here = current_app.extensions["tastemap"]
    assert isinstance(here, Services)
    return here


def cached_answer(services: Services, answer: Answer, query: Mapping[str, Any]) -> Response:
    """Return ``answer(services, query)`` as JSON, from memory where catalogue, models and question are known.

    Errors are not kept, and neither is what is not final.
    """
    snapshot = services.catalogue.current()
    question = (answer, snapshot.generation, services.registry.stamp(), *sorted(query.items()))
    body = services.answers.get(question)
    if body is None:
        worked = answer(services, query)
        body = current_app.json.dumps(worked.body).encode()
        if worked.final:
            services.answers.put(question, body)
    return Response(body, mimetype="application/json")
