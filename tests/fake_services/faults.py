"""What may befall a service: for :meth:`tests.fake_services.server.FakeService.fail`."""

from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from threading import Event
from typing import Any

from tests.fake_services.server import CutConnectionError, FakeService, Happening, Reply, Request


def replying(status: int, body: Any = b"", **headers: str) -> Happening:
    """Answer so; ``_`` in a header's name stands for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda service, request: Reply(status=status, body=body, headers=named)


def limited(retry_after: float | datetime | None = 4, reason: str | None = None) -> Happening:
    """Answer 429; ``retry_after`` in seconds (86,400 has been seen), as a date, or not said; Spotify adds a reason."""
    error = {"status": 429, "message": "Too many requests", **({"reason": reason} if reason else {})}
    if retry_after is None:
        return replying(429, {"error": error})
    said = format_datetime(retry_after, usegmt=True) if isinstance(retry_after, datetime) else str(retry_after)
    return replying(429, {"error": error}, Retry_After=said)


def unavailable(retry_after: int | None = None) -> Happening:
    """Answer 503, as MusicBrainz does when it is busy."""
    body = {"error": "The MusicBrainz web server is currently busy. Please try again later."}
    return replying(503, body, **({} if retry_after is None else {"Retry_After": str(retry_after)}))


def slow(seconds: float) -> Happening:
    """Answer rightly, but only after so long; ends at once when the service is stopped."""

    def wait(service: FakeService, request: Request) -> Reply | None:
        service.stopping.wait(seconds)
        return None

    return wait


def held(release: Event) -> Happening:
    """Answer rightly, but only once ``release`` is set or the service is stopped."""

    def wait(service: FakeService, request: Request) -> Reply | None:
        while not (release.is_set() or service.stopping.is_set()):
            release.wait(0.05)
        return None

    return wait


def cut(sent: bytes = b'{"data": [{"id": 1, "ti') -> Happening:
    """Cut the connection in the middle of the body, which was announced as longer."""

    def end(service: FakeService, request: Request) -> Reply | None:
        raise CutConnectionError(sent)

    return end


def garbage(body: bytes = b"<html><title>Sign in to the hotel's network</title></html>") -> Happening:
    """Answer 200 with something that is not JSON."""
    return replying(200, body)


def change(what: Callable[[], Any]) -> Happening:
    """Change the world (or anything) just before answering: for pages that move while they are read."""

    def then_answer(service: FakeService, request: Request) -> Reply | None:
        what()
        return None

    return then_answer
