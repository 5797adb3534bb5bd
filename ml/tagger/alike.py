"""Sound-alikes by the vectors of recordings: the nearest ones, a path between two, and equal recordings."""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from ml.vectors import unit
from store.feature_rows import Floats

LEAST_FITTED = 50  # fewer recordings are too few to learn how a recording varies within itself
_MOST_FITTED = 4_000  # recordings; they are more than enough for a covariance
_SHRINK = 0.2
SAME = 0.995  # least cosine of the plain vectors for two recordings of equal length to be the same
_SAME_LENGTH_MS = 2_000
_NEIGHBOURS = 12  # number of neighbours that a path may step to from each recording
_BLOCK = 2_048


@dataclass(frozen=True, eq=False)
class SoundSpace:
    """The recordings of one library, as unit vectors; the cosine of two says how alike they sound.

    Attributes
    ----------
    names : tuple of str
    plain : np.ndarray
        (n, d) unit vectors: the means of the parts of each recording.
    vectors : np.ndarray
        (n, d) unit vectors; directions in which the parts of one recording differ count less.
    """

    names: tuple[str, ...]
    plain: Floats
    vectors: Floats

    @classmethod
    def of(cls, names: Sequence[str], parts: Sequence[Floats]) -> Self:
        """Build the space from each recording's (k, d) parts.

        From :data:`LEAST_FITTED` recordings on, the covariance within recordings is whitened (within-class covariance
        normalisation: Hatch, Kajarekar, Stolcke, Interspeech 2006). With fewer, ``vectors`` are ``plain``.
        """
        means = np.array([part.mean(axis=0) for part in parts], np.float32).reshape(
            len(parts), parts[0].shape[1] if parts else 0
        )
        plain = unit(means)
        if len(parts) < LEAST_FITTED:
            return cls(tuple(names), plain, plain)
        chosen = parts[:: 1 + len(parts) // _MOST_FITTED]
        return cls(tuple(names), plain, unit((means - means.mean(axis=0)) @ whitening(chosen)))

    def nearest(self, name: str, limit: int) -> list[tuple[str, float]]:
        """Return at most ``limit`` other recordings with their cosine (-1 to 1), closest first."""
        at = self.names.index(name)
        cosines = self.vectors @ self.vectors[at]
        cosines[at] = -np.inf
        order = np.argsort(-cosines, kind="stable")[: min(limit, len(self.names) - 1)]
        return [(self.names[i], float(cosines[i])) for i in order]

    def cosine(self, one: str, other: str) -> float:
        """Return how alike two recordings sound, -1 to 1."""
        return float(self.vectors[self.names.index(one)] @ self.vectors[self.names.index(other)])

    def path(self, start: str, end: str, most: int) -> list[str]:
        """Return at most ``most`` recordings from ``start`` to ``end``, both included, in small steps.

        The path minimises the sum of squared distances, so that it prefers many small steps to a large one. If it has
        more recordings than ``most``, it is thinned evenly.
        """
        first, last = self.names.index(start), self.names.index(end)
        before = self._before(first, last)
        found = [last]
        while found[-1] != first:
            found.append(before[found[-1]])
        found.reverse()
        kept = np.unique(np.linspace(0, len(found) - 1, min(most, len(found))).round().astype(int))
        return [self.names[found[at]] for at in kept]

    def _before(self, first: int, last: int) -> dict[int, int]:
        """Return for each reached recording its predecessor on the path (Dijkstra's algorithm)."""
        costs, before, queue = {first: 0.0}, {first: first}, [(0.0, first)]
        done: set[int] = set()
        while queue:
            cost, at = heapq.heappop(queue)
            if at == last:
                break
            if at in done:
                continue
            done.add(at)
            distances = (1.0 - self.vectors @ self.vectors[at]) ** 2
            near = np.argpartition(distances, min(_NEIGHBOURS, len(distances) - 1))[: _NEIGHBOURS + 1]
            for to in {*near.tolist(), last} - done:
                reached = cost + float(distances[to])
                if reached < costs.get(to, np.inf):
                    costs[to], before[to] = reached, at
                    heapq.heappush(queue, (reached, to))
        return before

    def duplicates(self, lengths_ms: Sequence[int | None]) -> list[list[str]]:
        """Return the groups of recordings that sound the same and have the same length, the largest group first.

        ``lengths_ms`` are in the order of ``names``; a recording of unknown length is in no group.
        """
        lengths = np.array([np.nan if length is None else length for length in lengths_ms], float)
        group = np.arange(len(self.names))
        for start in range(0, len(group), _BLOCK):
            rows = slice(start, start + _BLOCK)
            alike = self.plain[rows] @ self.plain.T >= SAME
            alike &= np.abs(lengths[rows, None] - lengths) <= _SAME_LENGTH_MS
            for at, other in zip(*np.nonzero(alike), strict=True):
                one, two = _root(group, start + at), _root(group, other)
                group[max(one, two)] = min(one, two)
        members: dict[int, list[str]] = {}
        for at, name in enumerate(self.names):
            members.setdefault(_root(group, at), []).append(name)
        return sorted((same for same in members.values() if len(same) > 1), key=len, reverse=True)


def whitening(parts: Sequence[Floats]) -> Floats:
    """Return the (d, d) matrix that whitens the covariance of parts within recordings, shrunk towards the identity."""
    within = np.concatenate([part - part.mean(axis=0) for part in parts]).astype(np.float32)
    covariance = within.T @ within / len(within)
    mean = float(np.trace(covariance)) / len(covariance)
    covariance = (1.0 - _SHRINK) * covariance + _SHRINK * mean * np.eye(len(covariance), dtype=np.float32)
    values, vectors = np.linalg.eigh(covariance)
    return vectors / np.sqrt(np.maximum(values, 1e-9))


def _root(group: npt.NDArray[np.intp], at: int) -> int:
    while group[at] != at:
        group[at] = group[group[at]]
        at = int(group[at])
    return int(at)
