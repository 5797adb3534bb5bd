"""Spotify's errors as faults with messages and hints."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import requests

from etl.engine.channel import writable
from etl.providers.base import FaultKind, NotThere, SourceFault

if TYPE_CHECKING:
    from spotipy.exceptions import SpotifyOauthError

DASHBOARD = "https://developer.spotify.com/dashboard"
# spotipy puts the address before the words of the answer.
_ADDRESS = re.compile(r"\Ahttps?://\S*:\n ")
# Pause after a used up quota; Spotify does not say when it is free again.
_QUOTA_SECONDS = 3600.0


class SpotifyRefused(SourceFault):
    """Spotify refuses this app or this user. ``connect`` is true if connecting again helps."""

    def __init__(self, message: str, hint: str, *, status: int | None = None, connect: bool = False) -> None:
        super().__init__(FaultKind.REFUSED, message, hint, status=status)
        self.connect = connect


def ask(method: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """Call a method of spotipy and return the JSON object that Spotify answers with.

    Raises
    ------
    SourceFault
        Spotify gave no such answer. REFUSED (:class:`SpotifyRefused`), LIMITED and UNREACHABLE hold for all operations,
        ABSENT (403) for this one.
    NotThere
        Spotify does not have this (404).
    """
    from spotipy.exceptions import SpotifyException, SpotifyOauthError

    try:
        answer = method(*args, **kwargs)
    except SpotifyException as error:
        raise _fault(error.http_status, _ADDRESS.sub("", str(error.msg))) from error
    except SpotifyOauthError as error:
        raise _token_fault(error) from error
    except SourceFault as fault:
        raise _explained(fault) from fault
    except requests.JSONDecodeError as error:
        raise garbled() from error
    except requests.RequestException as error:
        raise SourceFault(FaultKind.UNREACHABLE, "Spotify cannot be reached.", "Try again later.") from error
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        # spotipy reads members of an answer without checking that it is an object.
        raise garbled() from error
    if not isinstance(answer, dict):
        raise garbled()
    return {str(name): writable(value) for name, value in answer.items()}


def garbled() -> SourceFault:
    """Return the fault of an answer that cannot be understood."""
    return SourceFault(
        FaultKind.GARBLED,
        "Spotify answered with something that is not understood.",
        "Try again later; a proxy may have answered instead of Spotify.",
    )


def _fault(status: int, words: str) -> Exception:
    lowered = words.lower()
    if status == 404:
        return NotThere(words)
    if status == 401:
        return SpotifyRefused(
            "Spotify no longer accepts this permission.", "Connect Spotify again.", status=status, connect=True
        )
    if "premium" in lowered:
        return SpotifyRefused(
            "Spotify answers only apps whose owner has Premium, and the owner of this one has not.",
            "After subscribing it can take a few hours. Everything else works without Spotify.",
            status=status,
        )
    if "registered" in lowered:
        return SpotifyRefused(
            "The owner of the Spotify app has not let this Spotify user in.",
            f"The owner adds them, with their e-mail address, at {DASHBOARD} under User Management (five at most).",
            status=status,
        )
    if "scope" in lowered:
        return SpotifyRefused("This needs a further permission from Spotify.", "Connect Spotify again.", connect=True)
    if status == 403:
        return SourceFault(
            FaultKind.ABSENT,
            "Spotify does not offer this to an app like this one.",
            "Apps registered since 2024 and 2026 get less. The other sources answer instead.",
            status=status,
        )
    if status >= 500 or status == 429:  # the engine's session has raised already; another session may not
        return SourceFault(FaultKind.UNREACHABLE, f"Spotify has trouble (HTTP {status}).", "Try again later.")
    return SourceFault(FaultKind.GARBLED, f"Spotify did not accept the request: {words[:200]}", status=status)


def _token_fault(error: SpotifyOauthError) -> SourceFault:
    """Return the fault of an error of the accounts server; spotipy keeps its message but not its status."""
    if error.error == "invalid_client":
        return SpotifyRefused(
            "Spotify does not know this client id, or the client secret is not its own.",
            f"Compare both with the app at {DASHBOARD}.",
        )
    if error.error == "invalid_grant":
        return SpotifyRefused("Spotify's permission has ended.", "Connect Spotify again.", connect=True)
    if error.error in {"unauthorized_client", "invalid_scope", "unsupported_grant_type", "invalid_request"}:
        reason = str(error.error_description or error.error)[:200]
        return SpotifyRefused(f"Spotify refused the login: {reason}", f"See the app's settings at {DASHBOARD}.")
    return garbled()


def _explained(fault: SourceFault) -> SourceFault:
    if fault.kind is FaultKind.LIMITED and "QUOTA_EXCEEDED" in fault.body:
        return SourceFault(
            FaultKind.LIMITED,
            "Spotify's daily quota of this developer account is used up.",
            "It is counted over all apps of the account. Everything else works without Spotify.",
            retry_after_s=fault.retry_after_s or _QUOTA_SECONDS,
            status=fault.status,
            body=fault.body,
        )
    return fault
