"""Answers /api/openapi.json with bytes that are made once: the document is large, and made from every route."""

import gzip
import threading
from collections.abc import Callable
from functools import wraps

from flask import Flask, Response, request


def register(app: Flask) -> None:
    """Keep the OpenAPI document of ``app``, as it is sent to clients that take gzip, and to others."""
    kept: dict[str, bytes] = {}
    making = threading.Lock()

    def keep(answer: Callable[[], Response]) -> Callable[[], Response]:
        @wraps(answer)
        def again() -> Response:
            with making:  # requests at the same time would all make it
                if not kept:
                    kept["identity"] = answer().get_data()
                    kept["gzip"] = gzip.compress(kept["identity"], mtime=0)
            if request.accept_encodings.quality("gzip") > 0:
                coding = {"Content-Encoding": "gzip"}
                return Response(kept["gzip"], headers=coding, mimetype=app.config["JSON_SPEC_MIMETYPE"])
            return Response(kept["identity"], mimetype=app.config["JSON_SPEC_MIMETYPE"])

        return again

    app.config["SPEC_DECORATORS"] = [keep]
