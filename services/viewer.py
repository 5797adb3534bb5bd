"""Who makes a request: whose tracks and playlists are seen besides the shared ones."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """A browser session: ``owner`` is its hash (None before it stores anything); ``operator`` if it is the operator's.

    ``link`` is the id of a playlist whose link the viewer has opened; its tracks are shown to them, too.
    """

    owner: str | None = None
    operator: bool = False
    link: str | None = None
