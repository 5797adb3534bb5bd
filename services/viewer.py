"""Who asks, and so whose rows are seen beside the shared layer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """A browser session (``owner``: its hash, ``None`` before it has brought anything), and whether the operator's.

    ``link`` is the id of a playlist that somebody has sent the link of: it shares the tracks in it.
    """

    owner: str | None = None
    operator: bool = False
    link: str | None = None
