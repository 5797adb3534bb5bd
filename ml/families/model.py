"""K-means per family of genres: for each family of a track, picks a track of the same cluster; needs only numpy.

Each family has its own scaler and number of clusters; a track is in the models of all its families.
``ml.families.train.train`` trains the models.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt

from ml.artefacts import verified, verified_json
from ml.histograms import EDGES, Counts
from ml.neighbours.model import UNKNOWN_POPULARITY, Taken
from ml.sound import ENOUGH_SHARED, SHARES, Floats, coordinates
from ml.taxonomy.model import Taxonomy
from store.catalogue.catalogue import Ref, Segment, Snapshot
from store.catalogue.segment import id_hash
from store.domain import AUDIO_FEATURES, AudioFeatures, Track
from store.feature_rows import feature_rows

PickKind = Literal["fresh", "nearest"]
# The most tracks of a segment, by popularity, that are assigned to families: their genres are read one by one.
READ_ROWS = 300_000
# A fresh pick is drawn from the DRAWN_FROM nearest members of the cluster. A member's weight is (popularity +
# LEAST_KNOWN)**2 with a popularity of 0 to 1; it falls with the distance, and is multiplied by OF_VERSION for a live
# recording, a remix or another version.
DRAWN_FROM, LEAST_KNOWN, OF_VERSION = 60, 0.05, 0.3


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyModel:
    """One family's scaler and clusters.

    Attributes
    ----------
    mean, deviation : np.ndarray
        (12,) of :func:`ml.sound.coordinates` over the family's training tracks.
    centres : np.ndarray
        (k, 12) in scaled coordinates, the largest cluster first.
    counts : np.ndarray
        (k,) training tracks.
    """

    mean: Floats
    deviation: Floats
    centres: Floats
    counts: Counts

    def scale(self, features: Floats) -> npt.NDArray[np.float32]:
        """Return (n, 12) float32: (n, 13) feature rows standardised within the family and weighted.

        An unknown value becomes the mean, 0; a row with too few known values is all NaN.
        """
        places = coordinates(features)
        known = np.isfinite(places)  # a tempo of 0 has no octave
        scaled = np.where(known, (places - self.mean) / self.deviation, 0.0) * np.sqrt(SHARES)
        scaled[known @ SHARES < ENOUGH_SHARED] = np.nan
        return scaled.astype(np.float32)

    def assign(self, scaled: Floats) -> npt.NDArray[np.intp]:
        """Return (n,) clusters of scaled rows, -1 for rows of NaN."""
        squared = np.square(self.centres).sum(axis=1) - 2 * np.nan_to_num(scaled) @ self.centres.T
        return np.where(np.isnan(scaled[:, 0]), -1, np.argmin(squared, axis=1))


@dataclass(frozen=True, slots=True)
class Pick:
    """A track of the catalogue for one family.

    ``cluster`` counts from 0, ``members`` of the catalogue's tracks are in it; ``distance`` is that from the seed, in
    standard deviations of the family.
    """

    family: str
    cluster: int
    members: int
    ref: Ref
    distance: float


class NoSound(Exception):  # noqa: N818 - a state of knowledge, not a fault
    """Too few audio features of the track are known to assign it to a cluster."""


_Members = Mapping[str, tuple[npt.NDArray[np.int32], npt.NDArray[np.int16]]]


class Families:
    """The families' models of one version, and the clusters of a catalogue's tracks; thread-safe."""

    def __init__(
        self,
        settings: Mapping[str, Any],
        models: Mapping[str, FamilyModel],
        histograms: Mapping[str, Mapping[str, Counts]],
        taxonomy: Taxonomy,
    ) -> None:
        self.settings = settings
        self.version: str = settings["version"]
        self.models = models
        self.histograms = histograms
        self.taxonomy = taxonomy
        self._members: dict[str, tuple[Path, _Members]] = {}
        self._lock = Lock()

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read ``models/families/<version>`` and the taxonomy it was learnt with.

        Raises ml.artefacts.ArtefactError if a file is absent, unlisted or changed.
        """
        settings = verified_json(directory / "families.json")
        taxonomy = Taxonomy.load(directory.parent.parent / "taxonomy" / f"{settings['taxonomy']}.json")
        with np.load(verified(directory / "families.npz"), allow_pickle=False) as stored:
            numbers = {name: stored[name] for name in stored.files}
        models = {
            family: FamilyModel(**{part: numbers[f"{at}.{part}"] for part in _PARTS})
            for at, family in enumerate(settings["families"])
        }
        histograms = {
            name: dict(zip(AUDIO_FEATURES, np.split(numbers["histograms"][at], _SPLITS), strict=True))
            for at, name in enumerate(settings["histograms"])
        }
        return cls(settings, models, histograms, taxonomy)

    def save(self, directory: Path) -> list[Path]:
        """Write ``families.json`` and ``families.npz`` and return their paths."""
        directory.mkdir(parents=True, exist_ok=True)
        path, numbers = directory / "families.json", directory / "families.npz"
        description = {**self.settings, "families": list(self.models), "histograms": list(self.histograms)}
        path.write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
        arrays = {
            f"{at}.{part}": np.asarray(getattr(model, part))
            for at, model in enumerate(self.models.values())
            for part in _PARTS
        }
        rows = [np.concatenate([counts[name] for name in AUDIO_FEATURES]) for counts in self.histograms.values()]
        arrays["histograms"] = np.stack(rows)
        np.savez_compressed(numbers, **arrays)  # type: ignore[arg-type] # no array is called allow_pickle
        return [path, numbers]

    def families_of(self, genres: Iterable[str]) -> tuple[str, ...]:
        """Return the distinct families of genres by name; names of unknown family are left out."""
        return tuple(dict.fromkeys(family for family in map(self.taxonomy.family_of, genres) if family is not None))

    def predict(self, features: AudioFeatures | None, families: Iterable[str]) -> dict[str, int]:
        """Return a track's cluster, from 0, in each of ``families`` that the version knows.

        Raises NoSound if too few audio features are known.
        """
        row = feature_rows([features])
        models = {family: self.models[family] for family in families if family in self.models}
        found = {family: int(model.assign(model.scale(row))[0]) for family, model in models.items()}
        if -1 in found.values():
            raise NoSound("too few audio features are known")
        return found

    def pick(
        self,
        snapshot: Snapshot,
        seed: Track,
        families: Sequence[str],
        *,
        kind: PickKind = "fresh",
        draw: int = 0,
        exclude: Collection[str] = (),
        artist_cap: int = 2,
    ) -> list[Pick]:
        """Return for each of ``families`` one track from the cluster of ``seed``.

        All picks are different recordings, and none is the seed's. A family has no pick if the model does not know it,
        or if the cluster has no other track.

        Parameters
        ----------
        kind : {"fresh", "nearest"}
            Draw among the :data:`DRAWN_FROM` members of the cluster that are nearest to the seed, with a preference for
            popular tracks and for the centre of the cluster; or take the nearest.
        draw : int
            Random seed of fresh picks; for each track the same seed draws differently.
        exclude : collection of str
            Track ids.
        artist_cap : int
            Most picks of one first artist, the seed's included, from 1.

        Raises
        ------
        NoSound
            Too few audio features of ``seed`` are known.
        """
        taken = Taken(snapshot, seed, exclude, artist_cap)
        row = feature_rows([seed.features])
        found = []
        for family, cluster in self.predict(seed.features, families).items():
            model = self.models[family]
            members = [(segment, self._clustered(segment).get(family, _NO_MEMBERS)) for segment in snapshot.segments]
            rows = [(segment, at_rows[clusters == cluster]) for segment, (at_rows, clusters) in members]
            rng = np.random.default_rng([draw, list(self.models).index(family), id_hash(seed.id or seed.title)])
            for segment, at, distance in _ordered(model, rows, model.scale(row)[0], model.centres[cluster], kind, rng):
                if taken.add(segment, at):
                    count = sum(len(at_rows) for _, at_rows in rows)
                    found.append(Pick(family, cluster, count, Ref(segment.name, at), distance))
                    break
        return found

    def rows(self, segment: Segment, family: str) -> npt.NDArray[np.int32]:
        """Return the rows of a segment whose tracks (or their artists) have a genre of the family."""
        return self._clustered(segment).get(family, _NO_MEMBERS)[0]

    def _clustered(self, segment: Segment) -> _Members:
        """Return rows and clusters of a segment's tracks by family, computed once per generation of the segment."""
        with self._lock:
            known = self._members.get(segment.name)
            if known is None or known[0] != segment.directory:
                known = self._members[segment.name] = (segment.directory, self._cluster(segment))
            return known[1]

    def _cluster(self, segment: Segment) -> _Members:
        rows: dict[str, list[int]] = {}
        for row in range(min(len(segment), READ_ROWS)):
            for family in self.families_of(segment.genres(row)):
                rows.setdefault(family, []).append(row)
        members = {}
        for family, of_family in rows.items():
            if family in self.models:
                model, at = self.models[family], np.array(of_family, np.int32)
                members[family] = (at, model.assign(model.scale(segment.features[at])).astype(np.int16))
        return members


_PARTS = ("mean", "deviation", "centres", "counts")
_SPLITS = np.cumsum([len(EDGES[name]) - 1 for name in AUDIO_FEATURES])[:-1]
_NO_MEMBERS = (np.empty(0, np.int32), np.empty(0, np.int16))


def _ordered(
    model: FamilyModel,
    rows: Sequence[tuple[Segment, npt.NDArray[np.int32]]],
    place: Floats,
    centre: Floats,
    kind: PickKind,
    rng: np.random.Generator,
) -> Iterable[tuple[Segment, int, float]]:
    """Yield (segment, row, distance from ``place``) in the order of preference."""
    scaled = np.concatenate([model.scale(segment.features[at]) for segment, at in rows])
    distances = np.sqrt(np.square(scaled - place).sum(axis=1))
    order = np.argsort(distances, kind="stable")
    if kind == "fresh":
        near = order[:DRAWN_FROM]
        popularity, kinds = (
            np.concatenate([getattr(segment, column)[at] for segment, at in rows])[near]
            for column in ("popularity", "kinds")
        )
        weights = np.square(LEAST_KNOWN + np.nan_to_num(popularity, nan=100 * UNKNOWN_POPULARITY) / 100)
        weights *= np.exp(-np.sqrt(np.square(scaled[near] - centre).sum(axis=1))) * np.where(kinds, OF_VERSION, 1.0)
        # The Gumbel trick: sorted by log weight plus Gumbel noise, each row is first with probability of its weight.
        drawn = near[np.argsort(-(np.log(weights) + rng.gumbel(size=len(near))))]
        order = np.concatenate([drawn, order[DRAWN_FROM:]])
    members = [(segment, int(row)) for segment, at in rows for row in at]
    for at in order:
        yield *members[at], float(distances[at])
