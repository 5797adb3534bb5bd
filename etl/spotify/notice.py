"""Notices about Spotify for the listener: how to set it up, and what is about to end."""

from datetime import UTC, datetime, timedelta

from etl.spotify.accounts import Account
from etl.spotify.faults import DASHBOARD
from etl.spotify.login import Redirect

_AHEAD = timedelta(days=21)


def how_to_register(back: Redirect) -> str:
    """Return the instructions for registering an app at Spotify and here."""
    return (
        f"At {DASHBOARD} (the owner needs Premium) create an app for the Web API with the redirect URI {back.uri}, "
        "let each listener in under User Management, and enter its client id here, in the settings of Spotify."
    )


def notice_of(missing: str | None, account: Account | None, back: Redirect, problem: str | None) -> str | None:
    """Return the notice to show; ``missing`` is what the setup lacks, ``problem`` what ended the last login."""
    if missing is not None:
        return f"{missing} {how_to_register(back)}"
    notices = [problem] if problem else []
    if account is not None and account.ended:
        notices.append("Spotify's permission has ended. Connect again; what was brought in is still here.")
    elif account is not None and account.expires_at - datetime.now(UTC) < _AHEAD:
        notices.append(f"Spotify's permission ends on {account.expires_at:%d %B %Y}. Connect again before that.")
    if account is None or account.ended:
        notices += _about_redirect(back)
    return " ".join(notices) or None


def _about_redirect(back: Redirect) -> list[str]:
    if back.localhost:
        return [f"Spotify refuses the name localhost: register {back.uri} exactly so."]
    if back.by_hand:
        return [
            f"Register {back.uri}. After you agreed, the browser shows an address that it cannot open, since this "
            "Tastemap runs on another machine and without https: copy that address and paste it here."
        ]
    return []
