"""Trains the timbre model and scores it by retrieval of another part of a track: ``python -m ml train timbre``."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import keras
import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_score

from ml import artefacts, jobs
from ml.needs import ANALYSES as _LEAST_TRACKS
from ml.needs import TooLittle
from ml.scores import digest_of
from ml.timbre.model import LEAST_SEGMENTS, STATISTICS, Projection, TimbreModel, TwoStepScaler, middle
from ml.timbre.train import card as timbre_card
from ml.timbre.train import network as timbre_network
from ml.timbre.train.data import Segments, read, stored
from ml.timbre.train.scores import Embed, Learn, Ranks, cross_validate, format_table, ratio, table
from ml.train.background import Scored, served_now
from ml.train.card import better_than, command
from ml.train.export import export
from ml.train.publish import publish
from store.feature_rows import Floats

TASK = "timbre"
VERSION = "2026.11.1"
SCORE_SEED = 1  # for folds and bootstrap, independent of the training's seed
ENOUGH = 1.3  # the learnt embedding is served only if its recall@1 is at least 1.3 times that of the moments
OURS, PLAIN, COVARIANCES = "described statistics, whitened", "moments, cosine", "moments and covariances, cosine"
_WINDOWS, _SHORTEST, _LONGEST = 30, 0.15, 0.6
_SHRINK = 0.2
_FOLDS, _NETWORK_FOLDS = 7, 3
_WIDE = 32  # latent dimensions of the networks that are scored as search embeddings
_QUICK: dict[str, Any] = {"steps": 5, "length": 32}

Report = Callable[[str], None]
Results = Mapping[str, Mapping[str, Ranks]]


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Statistics (n, s) of random stretches of tracks, and the index (n,) of the track of each."""

    rows: Floats
    track: npt.NDArray[np.intp]

    @classmethod
    def draw(cls, timbres: Sequence[Floats], statistics: str, seed: int) -> Self:
        """Draw 30 stretches of each track, of 15 % to 60 % of its length."""
        rng, rows = np.random.default_rng(seed), []
        for timbre in timbres:
            wide = timbre.astype(float)
            for share in rng.uniform(_SHORTEST, _LONGEST, _WINDOWS):
                length = min(len(wide), max(LEAST_SEGMENTS, int(share * len(wide))))
                start = int(rng.integers(0, len(wide) - length + 1))
                rows.append(STATISTICS[statistics](wide[start : start + length]))
        return cls(rows=np.array(rows), track=np.repeat(np.arange(len(timbres)), _WINDOWS))

    def whitening(self, tracks: npt.NDArray[np.intp], statistics: str) -> Projection:
        """Return the projection that whitens the covariance of stretches within tracks.

        This is within-class covariance normalisation (Hatch, Kajarekar, Stolcke, Interspeech 2006), shrunk towards a
        multiple of the identity.

        Parameters
        ----------
        tracks : np.ndarray
            Indices of the tracks to learn from.
        statistics : str
            Name of the statistics that were drawn.
        """
        chosen = np.isin(self.track, tracks)
        rows, track = self.rows[chosen], self.track[chosen]
        mean, deviation = rows.mean(axis=0), rows.std(axis=0) + 1e-9
        rows = (rows - mean) / deviation
        _, group = np.unique(track, return_inverse=True)
        centres = np.stack([rows[group == number].mean(axis=0) for number in range(group.max() + 1)])
        within = np.cov((rows - centres[group]).T)
        within = (1.0 - _SHRINK) * within + _SHRINK * np.trace(within) / len(within) * np.eye(len(within))
        values, vectors = np.linalg.eigh(within)
        return Projection(statistics, mean, deviation, vectors / np.sqrt(values))


def standardised(rows: Floats, statistics: str) -> Projection:
    """Return the projection that only standardises (n, s) statistics."""
    return Projection(statistics, rows.mean(axis=0), rows.std(axis=0) + 1e-9, np.eye(rows.shape[1]))


def _plain(timbres: Sequence[Floats], statistics: str) -> Learn:
    def take(parts: Sequence[Floats]) -> Floats:
        return np.array([STATISTICS[statistics](part.astype(float)) for part in parts])

    def learn(tracks: npt.NDArray[np.intp]) -> Embed:
        mean, deviation = rows[tracks].mean(axis=0), rows[tracks].std(axis=0) + 1e-9
        return lambda parts: (take(parts) - mean) / deviation

    rows = take(timbres)
    return learn


def _whitened(timbres: Sequence[Floats], statistics: str, seed: int) -> Learn:
    windows = Windows.draw(timbres, statistics, seed)
    return lambda tracks: windows.whitening(tracks, statistics).embed_all


def _network(
    timbres: Sequence[Floats],
    settings: timbre_network.Settings,
    fit_network: Callable[[Sequence[Floats], timbre_network.Settings], timbre_network.EncoderFit] = timbre_network.fit,
) -> Learn:
    return lambda tracks: fit_network([timbres[i] for i in tracks], settings).encode


def compare(
    timbres: Sequence[Floats], settings: timbre_network.Settings, *, networks: bool = True, say: Report = print
) -> dict[str, dict[str, Ranks]]:
    """Return the cross-validated ranks of every model by protocol."""
    learners: dict[str, tuple[Learn, int, bool]] = {
        OURS: (_whitened(timbres, "described", settings.seed), _FOLDS, False),
        "moments, whitened": (_whitened(timbres, "moments", settings.seed), _FOLDS, False),
        "described statistics, cosine": (_plain(timbres, "described"), _FOLDS, False),
        COVARIANCES: (_plain(timbres, "covariances"), _FOLDS, False),
        PLAIN: (_plain(timbres, "moments"), _FOLDS, False),
        "moments, distance": (_plain(timbres, "moments"), _FOLDS, True),
    }
    if networks:
        for latent in (2, _WIDE):
            name = f"autoencoder, latent of {latent}"
            learners[name] = (_network(timbres, replace(settings, latent=latent)), _NETWORK_FOLDS, True)
        contrastive = _network(timbres, replace(settings, latent=_WIDE), timbre_network.fit_contrastive)
        learners[f"contrastive network, latent of {_WIDE}"] = (contrastive, _NETWORK_FOLDS, False)
    found = {}
    for name, (learn, folds, euclidean) in learners.items():
        say(f"scoring {name}")
        found[name] = cross_validate(timbres, learn, folds=folds, seed=SCORE_SEED, euclidean=euclidean)
    return found


@dataclass(frozen=True)
class TimbreFit:
    """A trained model: settings, networks and arrays; the export is checked on ``proof`` (n, length, 12)."""

    settings: dict[str, Any]
    scaler: TwoStepScaler
    encoder: keras.Model
    projection: Projection
    clusters: Floats
    proof: npt.NDArray[np.float32]

    def save(self, folder: Path) -> list[Path]:
        """Write the artefact and the Keras encoder; return the paths.

        Raises ml.train.export.ExportError if LiteRT's output differs from that of Keras.
        """
        folder.mkdir(parents=True, exist_ok=True)
        gap = export(self.encoder, folder / "timbre.tflite", [self.proof])
        self.encoder.save(folder / "timbre.keras")
        settings = {**self.settings, "litert_difference": gap, "keras": keras.__version__}
        (folder / "timbre.json").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        model = TimbreModel(settings, self.scaler, self.projection, self.clusters, lambda rows: rows)
        np.savez(folder / "timbre.npz", **model.arrays())  # type: ignore[arg-type]
        return [folder / name for name in ("timbre.tflite", "timbre.keras", "timbre.json", "timbre.npz")]


def fit(
    segments: Segments,
    settings: timbre_network.Settings,
    results: Results,
    version: str,
    progress: Callable[[int, int], None] | None = None,
) -> TimbreFit:
    """Train on all tracks: the projection chosen by the cross-validated ``results``, and the network of the map."""
    timbres = segments.timbres
    gain = ratio(results[OURS]["halves"], results[PLAIN]["halves"], SCORE_SEED)
    projection = choose(timbres, results, settings.seed)
    network = timbre_network.fit(timbres, settings, progress)
    vectors = projection.embed_all(timbres)
    spots = network.encode(timbres)
    clusters, silhouettes = find_clusters(spots, settings.seed)
    neighbours = min(5, (len(timbres) - 1) // 2)
    kept = {
        "version": version,
        "length": settings.length,
        "statistics": projection.statistics,
        "tracks": len(timbres),
        "learnt": [fingerprint(timbre) for timbre in timbres],
        "scores": scores_of(results, OURS if projection.statistics == "described" else PLAIN),
        "gain": [gain.mean, gain.low, gain.high],
        "silhouettes": silhouettes,
        "trustworthiness": float(trustworthiness(vectors, spots, n_neighbors=neighbours, metric="cosine")),
        "loss": network.loss,
    }
    proof = np.stack([network.scaler.transform(middle(timbre, settings.length)) for timbre in timbres[:16]])
    return TimbreFit(kept, network.scaler, network.encoder, projection, clusters, proof)


def choose(timbres: Sequence[Floats], results: Results, seed: int) -> Projection:
    """Return the learnt projection, fitted on all tracks, or the moments if it is not ENOUGH times as good."""
    if ratio(results[OURS]["halves"], results[PLAIN]["halves"], SCORE_SEED).mean >= ENOUGH:
        return Windows.draw(timbres, "described", seed).whitening(np.arange(len(timbres)), "described")
    return standardised(np.array([STATISTICS["moments"](timbre.astype(float)) for timbre in timbres]), "moments")


def scores_of(results: Results, served: str) -> dict[str, Any]:
    """Return the scores that the page shows: of the ``served`` model and of the baselines."""
    rows = {row["model"]: row for row in table(results, SCORE_SEED)}

    def shown(name: str) -> dict[str, Any]:
        numbers = {key: [v.mean, v.low, v.high] for key, v in rows[name].items() if key != "model"}
        return {"model": name, **numbers}

    return {"served": shown(served), "baselines": [shown(PLAIN), shown(COVARIANCES)]}


def find_clusters(spots: Floats, seed: int) -> tuple[Floats, dict[str, float]]:
    """Return (k, 2) centres for the k, from 2 to 12, with the best silhouette on the map, and all silhouettes by k."""
    centres, silhouettes = {}, {}
    for k in range(2, max(3, min(12, len(spots) // 4) + 1)):
        made = KMeans(k, n_init=10, random_state=seed).fit(spots)
        centres[str(k)], silhouettes[str(k)] = made.cluster_centers_, float(silhouette_score(spots, made.labels_))
    return centres[max(silhouettes, key=lambda k: silhouettes[k])], silhouettes


def _publish(
    made: TimbreFit, segments: Segments, results: Results, models: Path, *, activate: bool, origin: str, **held_out: Any
) -> Path:
    """Write a version with its card and scores, and register it; return its folder."""
    version = made.settings["version"]
    folder = models / TASK / version
    written = made.save(folder)
    rows = table(results, SCORE_SEED)
    plain = [_plain_row(row) for row in rows]
    served = made.settings["scores"]["served"]["model"]
    card = timbre_card.write(made.settings, segments, results, rows, origin, better_than(TASK, plain, served))
    split = f"{len(segments.names)} tracks left out in turn; one part of a track finds another among all"
    publish(folder, written, card, activate=activate, table=plain, **({"split": split, "served": served} | held_out))
    return folder


def _plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value if isinstance(value, str) else round(value.mean, 4) for key, value in row.items()}


def fingerprint(timbre: Floats) -> str:
    """Return a digest of a track's segments; a version stores those of its training tracks."""
    return digest_of([timbre.astype(np.float32).tobytes()])


def _held_out(job: jobs.Job, segments: Segments) -> dict[str, Any]:
    """Return the entries of ``scores.json`` about the user's tracks, with the served version's scores on them."""
    fingerprints = [fingerprint(timbre) for timbre in segments.timbres]

    def score_served(folder: Path) -> Scored:
        model = TimbreModel.load(folder)
        if known := len({*model.settings.get("learnt", ())} & {*fingerprints}):
            return None, f"It has learnt from {known} of these {len(fingerprints)} tracks itself."
        ranks = cross_validate(segments.timbres, lambda _: model.projection.embed_all, folds=1, seed=SCORE_SEED)
        return _plain_row(table({"served": ranks}, SCORE_SEED)[0]), ""

    on = digest_of(fingerprints)
    return {"on": on, "before": served_now(job, TASK, on, score_served)}


def train(
    data: Path, models: Path, *, seed: int = 1, quick: bool = False, networks: bool = True, say: Report = print
) -> None:
    """Cross-validate, then train on all tracks and write ``models/timbre/<version>``.

    ``quick`` takes few steps and writes a separate version that is not activated. Without ``networks``, the networks
    are not scored; the search does not use them.

    Raises FileNotFoundError if the analyses are absent.
    """
    segments = read(data)
    settings = timbre_network.Settings(seed=seed, **_QUICK if quick else {})
    results = compare(segments.timbres, settings, networks=networks, say=say)
    version = f"{VERSION}-quick" if quick else VERSION
    made = fit(segments, settings, results, version)
    origin = f"A folder of Spotify audio analyses; trained by `python -m ml {command()}`, seed {seed}."
    folder = _publish(made, segments, results, models, activate=not quick, origin=origin)
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    say(f"\n{format_table(table(results, SCORE_SEED))}\n\n{timbre_card.verdict(made.settings)}\n\n{size:.1f} MB")


def evaluate(data: Path, models: Path, *, say: Report = print) -> None:
    """Cross-validate the method of the active version; that version itself has learnt from all tracks.

    Raises FileNotFoundError if the analyses are absent; ml.artefacts.ArtefactError if no version is active, or a file
    of it was changed.
    """
    model = TimbreModel.load(artefacts.active(TASK, models))
    results = compare(read(data).timbres, timbre_network.Settings(), networks=False, say=lambda _: None)
    say(f"{TASK} {model.version} serves {model.projection.statistics} statistics\n")
    say(format_table(table(results, SCORE_SEED)))


def train_own(job: jobs.Job) -> dict[str, Any]:
    """Train on the analyses that this installation has stored.

    ``request["options"]``: ``min_segments`` (at least 40), ``min_popularity`` (0 to 100), ``quick`` (few steps, to try
    the whole path).

    Raises ml.needs.TooLittle if fewer than 20 tracks have been analysed.
    """
    options = job.request.get("options", {})
    job.say("reading the analyses")
    segments = stored(
        job.database,
        least_segments=max(LEAST_SEGMENTS, int(options.get("min_segments", LEAST_SEGMENTS))),
        least_popularity=float(options.get("min_popularity", 0.0)),
    )
    if len(segments.names) < _LEAST_TRACKS:
        raise TooLittle(
            f"{len(segments.names)} tracks have enough segments; {_LEAST_TRACKS} are needed.",
            "Import audio analysis files, or fetch segments with a Spotify application of extended mode.",
        )
    settings = timbre_network.Settings(**_QUICK if options.get("quick") else {})
    results = compare(segments.timbres, settings, networks=False, say=job.say)
    made = fit(
        segments, settings, results, job.new_version(), lambda done, total: job.say("training the map", done, total)
    )
    origin = "The analyses stored on this installation, trained here."
    held_out = _held_out(job, segments)
    _publish(made, segments, results, job.models, activate=False, origin=origin, **held_out)
    found = {"scores": made.settings["scores"], "before": held_out["before"]}
    return {"version": made.settings["version"], "tracks": len(segments.names), **found}
