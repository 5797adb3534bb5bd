"""Who asks, and so whose rows are seen beside the shared layer."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Viewer:
    """A browser session (``owner``: its hash, ``None`` before it has brought anything), and whether the operator's."""

    owner: str | None = None
    operator: bool = False
