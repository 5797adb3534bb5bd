"""Computes and scores the maps of a playlist or of the catalogue, by t-SNE and UMAP.

t-SNE: L. van der Maaten and G. Hinton (JMLR 2008), Barnes-Hut approximation, scikit-learn. UMAP: L. McInnes et al.
(2018), umap-learn. Both start from the first two principal components, which keeps the global structure (D. Kobak and
G. Linderman, Nature Biotechnology 2021) and makes the maps reproducible.
"""

import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.jobs import Job
from ml.needs import MAP_TRACKS as LEAST
from ml.needs import TooLittle
from ml.projection.model import METHODS, Projection, faithfulness, map_of_catalogue
from ml.sound import coordinates
from ml.taxonomy.model import Taxonomy
from store.catalogue.catalogue import Snapshot
from store.domain import Track
from store.feature_rows import Floats, feature_rows
from store.library import tracks_of_playlist

MOST = 20_000
SEED = 1
_PERPLEXITY = 30.0
# Maps with more points take fewer steps; more steps change their scores by less than 0.01 (bench/projection.py).
_LARGE, _STEPS, _STEPS_LARGE = 5000, 1000, 500


def train_own(job: Job) -> dict[str, Any]:
    """Map the playlist of the request, or the catalogue; options: ``methods`` (of "tsne", "umap"), ``most``, ``seed``.

    By default, a playlist gets t-SNE alone, which takes a second or two; UMAP needs ten seconds to compile itself.

    Raises TooLittle if fewer than 30 tracks have audio features.
    """
    options = job.request.get("options") or {}
    playlist, most = job.request.get("playlist"), min(int(options.get("most", MOST)), MOST)
    seed = int(options.get("seed", SEED))
    wanted = options.get("methods", ["tsne"] if playlist else METHODS)
    methods = [method for method in METHODS if method in wanted] or list(METHODS)
    job.say("reading the tracks")
    snapshot = job.catalogue.current(job.owner)
    tracks, places, available = _playlist(job, playlist) if playlist else drawn_from(snapshot, most, seed)
    if len(tracks) < LEAST:
        raise TooLittle(
            f"Only {len(tracks)} of the tracks have audio features; a map needs {LEAST}.",
            "Fetch features for the playlist, or import a table of tracks.",
        )
    path = job.registry.active("taxonomy")
    families = families_of(tracks, Taxonomy.load(path.with_name(path.name + ".json")))
    about: dict[str, Any] = {"made_at": datetime.now(UTC).isoformat(), "seed": seed, "sampled_from": available}
    maps, about["methods"] = compute(places, methods, seed, job.say)
    Projection(
        ids=tuple(track.id for track in tracks),
        titles=tuple(track.title for track in tracks),
        artists=tuple(", ".join(track.artists) for track in tracks),
        families=tuple(families),
        places=places,
        maps=maps,
        about=about,
    ).save(job.var, playlist or map_of_catalogue(snapshot, job.owner))
    return {"tracks": len(tracks), **about}


def compute(
    places: npt.NDArray[np.float32], methods: Sequence[str], seed: int, report: Callable[..., None]
) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, dict[str, float]]]:
    """Return the maps (n, 2) of (n, 12) ``places`` by method, within -1 to 1, and seconds and scores of each."""
    maps, scores = {}, {}
    for done, method in enumerate(methods):
        report(f"computing {method}", done, len(methods))
        began = time.perf_counter()
        mapped = _MAPPERS[method](places, seed)
        centred = mapped - (mapped.max(axis=0) + mapped.min(axis=0)) / 2
        maps[method] = (centred / max(float(np.abs(centred).max()), 1e-9)).astype(np.float32)
        seconds = time.perf_counter() - began
        measures = zip(("trustworthiness", "continuity"), faithfulness(places, maps[method]), strict=True)
        scores[method] = {"seconds": round(seconds, 1)} | {name: round(value, 4) for name, value in measures}
    return maps, scores


def tsne(places: Floats, seed: int) -> Floats:
    """Return the (n, 2) t-SNE of ``places``."""
    from sklearn.manifold import TSNE

    large = len(places) > _LARGE
    model = TSNE(
        perplexity=min(_PERPLEXITY, (len(places) - 1) / 3),
        init="pca",
        max_iter=_STEPS_LARGE if large else _STEPS,
        angle=0.6 if large else 0.5,
        n_jobs=-1,
        random_state=seed,
    )
    return model.fit_transform(places)


def umap(places: Floats, seed: int) -> Floats:
    """Return the (n, 2) UMAP of ``places``; raises ModuleNotFoundError if umap-learn is not installed."""
    from sklearn.neighbors import NearestNeighbors

    UMAP = _umap_class()
    count = min(15, len(places) - 1)
    # This search is exact, and saves the five seconds in which umap-learn compiles its own.
    distances, neighbours = NearestNeighbors(n_neighbors=count).fit(places).kneighbors(places)
    with warnings.catch_warnings():
        # umap-learn warns that a fixed seed forces one thread, and that new points cannot be placed.
        warnings.filterwarnings("ignore", message="n_jobs value|precomputed_knn")
        near = (neighbours, distances.astype(np.float32))
        model = UMAP(n_neighbors=count, precomputed_knn=near, init="pca", random_state=seed, n_jobs=1)
        return model.fit_transform(places)


def _umap_class() -> Any:
    """Import UMAP without its parametric variant, which would load TensorFlow needlessly."""
    absent = "tensorflow" not in sys.modules
    if absent:
        sys.modules["tensorflow"] = None  # type: ignore[assignment]  # makes the import fail; umap works without it
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Tensorflow not installed")
            from umap import UMAP
    finally:
        if absent:
            del sys.modules["tensorflow"]
    return UMAP


_MAPPERS: dict[str, Callable[[Floats, int], Floats]] = {"tsne": tsne, "umap": umap}


def filled_places(features: Floats) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """Return (n, 12) coordinates, NaN filled with the mean, and whether (n,) at least half of a row is known."""
    places = coordinates(features)
    known = (~np.isnan(places)).mean(axis=1) >= 0.5
    mean = np.nanmean(places[known], axis=0) if known.any() else np.zeros(places.shape[1])
    return np.where(np.isnan(places), mean, places).astype(np.float32), known


def _playlist(job: Job, playlist_id: str) -> tuple[list[Track], npt.NDArray[np.float32], int]:
    playlist = job.database.playlist(playlist_id)
    items = job.database.playlist_items(playlist_id, limit=MOST) if playlist else []
    ids = list(dict.fromkeys(item.track_id for item in items))
    owner = playlist.owner if playlist else None
    known_tracks = tracks_of_playlist(job.catalogue.current(), job.database, owner, ids)
    tracks = [track for track_id in ids if (track := known_tracks.get(track_id)) and track.features]
    if not tracks:
        return [], np.empty((0, 12), np.float32), len(ids)
    places, known = filled_places(feature_rows(track.features for track in tracks))
    return [track for track, is_known in zip(tracks, known, strict=True) if is_known], places[known], len(ids)


def drawn_from(snapshot: Snapshot, most: int, seed: int) -> tuple[list[Track], npt.NDArray[np.float32], int]:
    """Draw at most ``most`` recordings of known sound.

    Returns
    -------
    tracks : list of Track
        One for each recording drawn.
    places : np.ndarray
        (n, 12) their coordinates.
    available : int
        The number of recordings from which they were drawn.
    """
    if not len(snapshot):
        return [], np.empty((0, 12), np.float32), 0
    places, known = filled_places(np.concatenate([segment.features for segment in snapshot.segments]))
    recordings = np.concatenate([segment.recording_code for segment in snapshot.segments])
    first = np.zeros(len(recordings), bool)
    first[np.unique(recordings, return_index=True)[1]] = True
    rows = np.flatnonzero(known & first)
    drawn = np.sort(np.random.default_rng(seed).permutation(rows)[:most])
    return [snapshot.track(snapshot.ref(int(row))) for row in drawn], places[drawn], len(rows)


def families_of(tracks: Sequence[Track], taxonomy: Taxonomy) -> list[str]:
    """Return the most frequent family of each track's labels, or without any of its artists' genres; "" if unknown."""

    def of(track: Track) -> str:
        counts = Counter(name for name in map(taxonomy.family_of, track.labels or track.artist_genres) if name)
        return min(counts, key=lambda name: (-counts[name], name)) if counts else ""

    return [of(track) for track in tracks]
