"""The broad genres and the microgenres of the genre model: their training data, calibration and scores."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from ml.genre.encoder import COLUMNS, Floats
from ml.genre.heads import HEADS, TINY
from ml.genre.model import BASES, Encoded, GenrePredictor
from ml.genre.train import baselines
from ml.genre.train.boosting import tuned_booster
from ml.genre.train.data import Rows, TrackTable, answers_of, even, first_columns, frequent, rows_of
from ml.genre.train.network import BROAD_EXPERTS, Task, fit_weights
from ml.genre.train.scores import average_precision
from ml.taxonomy.model import Taxonomy
from store.domain import AUDIO_FEATURES

CHOSEN_ON = 2_000  # valid tracks on which the settings of nearest neighbours are chosen
TITLES = {
    "both": "genre model",
    "unrated": "genre model, popularity unknown",
    "names": "genre model, names alone",
    "audio": "genre model, audio alone",
}
MICRO_HEADINGS = ("macro", "tracks", "all pairs", "calibration error")  # of the fields of MicroScores
BROAD_HEADINGS = ("one broad genre", "of these, artist known", "any of several")  # of BroadScores
LEAST_POSITIVES = 10  # fewest test tracks of a microgenre that counts in the macro average
ArtistGenres = Mapping[str, tuple[str, ...]]


def head_names(table: TrackTable, taxonomy: Taxonomy, least: int) -> dict[str, tuple[str, ...]]:
    """Return for each of ``HEADS`` the labels of ``least`` training tracks or more; a head needs two labels."""
    names = {head: frequent(table, getattr(table, head), least) for head in HEADS}
    names["micro"] = tuple(name for name in names["micro"] if taxonomy.lists(name))
    return {head: labels for head, labels in names.items() if len(labels) > 1}


def views(predictor: GenrePredictor, table: TrackTable, rows: Rows) -> Iterator[tuple[str, Encoded]]:
    """Yield each of ``BASES`` with the network's inputs of ``rows``, reduced to that basis."""
    whole = predictor.encode([table.input(row) for row in rows])
    shown = {
        "both": COLUMNS,
        "unrated": tuple(name for name in COLUMNS if name != "popularity"),
        "audio": AUDIO_FEATURES,
        "names": (),
    }
    for basis in BASES:
        kept = np.zeros(whole.audio.shape[1], np.float32)
        for name in shown[basis]:
            kept[predictor.scaler.columns(name)] = 1.0
        yield basis, Encoded(whole.audio * kept, whole.bags * float(basis != "audio"))


def genres_of_artists(table: TrackTable) -> ArtistGenres:
    """Return the microgenres of each first artist in the whole table; serving knows them, too."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for artists, genres in zip(table.artists, table.of_artist, strict=True):
        if artists:
            found[artists[0]].update(dict.fromkeys(genres))
    return {artist: tuple(genres) for artist, genres in found.items() if genres}


def known_of(table: TrackTable, rows: Rows, known: ArtistGenres) -> list[tuple[str, ...]]:
    """Return for each row the known genres of its first artist."""
    return [known.get(table.artists[row][0], ()) if table.artists[row] else () for row in rows]


def calibrate(predictor: GenrePredictor, table: TrackTable) -> dict[str, Any]:
    """Return the heads' settings, fitted on the ``valid`` tracks that have their labels."""
    fitted: dict[str, Any] = {}
    if predictor.broad:
        fitted["broad"] = _calibrate_broad(predictor, table)
    if predictor.microgenres:
        fitted["micro"] = _calibrate_micro(predictor, table)
    return fitted


def uncalibrated(names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return settings of the heads before they are calibrated."""
    even_weights = {basis: [1.0] * len(BROAD_EXPERTS) for basis in BASES}
    settings: dict[str, Any] = {
        "broad": {"weights": even_weights},
        "micro": {"calibration": {basis: [1.0, 0.0] for basis in BASES}},
    }
    return {head: {"names": list(labels), **settings[head]} for head, labels in names.items()}


def _calibrate_broad(predictor: GenrePredictor, table: TrackTable) -> dict[str, Any]:
    settings, valid = predictor.settings["broad"], rows_of(table, "valid", table.broad)
    if not len(valid):
        return settings
    answers = first_columns(table.broad, valid, predictor.broad)
    weights = {
        basis: fit_weights(np.log(np.maximum(np.moveaxis(predictor.experts(encoded)[1], 1, 0), TINY)), answers)
        .round(4)
        .tolist()
        for basis, encoded in views(predictor, table, valid)
    }
    return {**settings, "weights": weights}


def _calibrate_micro(predictor: GenrePredictor, table: TrackTable) -> dict[str, Any]:
    valid, columns = rows_of(table, "valid", table.of_artist), scored_columns(table, predictor.microgenres)
    settings = predictor.settings["micro"]
    if not len(valid) or not len(columns):
        return settings
    wanted = even(table.of_artist, predictor.microgenres)[valid].toarray() > 0
    calibration = {
        basis: platt(np.log(np.maximum(predictor.experts(encoded)[2][:, columns], TINY)), wanted[:, columns])
        for basis, encoded in views(predictor, table, valid)
    }
    return {**settings, "calibration": calibration}


def scored_columns(table: TrackTable, names: Sequence[str]) -> Rows:
    """Return the columns of the microgenres that training artists have; other ones occur only in playlists."""
    having = {name for row in table.rows("train", labelled=False) for name in table.of_artist[row]}
    return np.array([i for i, name in enumerate(names) if name in having], int)


def platt(scores: Floats, wanted: np.ndarray) -> list[float]:
    """Return scale and shift of the sigmoid of ``scores`` that gives the least log-loss (Platt, 1999)."""
    flat, hit = scores.ravel().astype(np.float64), wanted.ravel()

    def log_loss(both: np.ndarray) -> tuple[float, np.ndarray]:
        logits = flat * both[0] + both[1]
        gap = 1.0 / (1.0 + np.exp(-logits)) - hit
        loss = np.logaddexp(0.0, logits).mean() - (logits * hit).mean()
        return float(loss), np.array([(gap * flat).mean(), gap.mean()])

    found = minimize(log_loss, np.array([1.0, 0.5]), jac=True, method="L-BFGS-B").x
    return [round(float(value), 4) for value in found]


@dataclass(frozen=True, kw_only=True)
class MicroScores:
    """Average precision, 0 to 1, and calibration error of microgenres.

    ``macro`` is the mean over microgenres, ``samples`` the mean over tracks, ``micro`` that of all pairs at once; None
    if there is nothing to average. ``ece`` is the expected calibration error of pairs with a probability of 5 % or
    more, 0 without such pairs.
    """

    macro: float | None
    samples: float | None
    micro: float | None
    ece: float


def score_micro(scores: Floats, wanted: np.ndarray) -> MicroScores:
    """Score (n, k) probabilities against the truth (n, k)."""
    often = wanted.sum(axis=0) >= LEAST_POSITIVES
    said = scores >= 0.05
    bins = np.minimum((scores[said] * 15).astype(int), 14)
    gaps = np.bincount(bins, weights=wanted[said].astype(float) - scores[said], minlength=15)
    return MicroScores(
        macro=_mean(average_precision(scores[:, often].T, wanted[:, often].T)),
        samples=_mean(average_precision(scores, wanted)),
        micro=_mean(average_precision(scores.reshape(1, -1), wanted.reshape(1, -1))),
        ece=float(np.abs(gaps).sum() / max(said.sum(), 1)),
    )


def _mean(figures: np.ndarray) -> float | None:
    """Return the mean of the figures that are known, ``None`` where none is."""
    known = figures[~np.isnan(figures)]
    return float(known.mean()) if len(known) else None


@dataclass(frozen=True, kw_only=True)
class BroadScores:
    """Shares of tracks with the right broad genre, 0 to 1; ``None`` without such tracks.

    ``single`` counts tracks in playlists of one broad genre, ``known_artist`` those of them whose artist has known
    genres, ``any`` all tracks; for these any of the track's broad genres is right.
    """

    single: float | None
    known_artist: float | None
    any: float | None


def score_broad(
    table: TrackTable, rows: Rows, probabilities: Floats, names: Sequence[str], known: ArtistGenres
) -> BroadScores:
    """Score the probabilities (n, k) of the ``rows``; columns as in ``names``."""
    said = [names[column] for column in probabilities.argmax(axis=1)]
    right = np.array([word in table.broad[row] for word, row in zip(said, rows, strict=True)], float)
    single = np.array([len(table.broad[row]) == 1 for row in rows], bool)
    of_known = single & np.array([bool(genres) for genres in known_of(table, rows, known)], bool)
    return BroadScores(single=_mean(right[single]), known_artist=_mean(right[of_known]), any=_mean(right))


def micro_results(
    predictor: GenrePredictor, table: TrackTable, task: Task | None = None, bases: Collection[str] = BASES
) -> dict[str, MicroScores]:
    """Score the microgenres of the test tracks whose artists' genres are known; with ``task``, baselines as well.

    ``bases`` are those of ``BASES`` to score. Empty without such tracks, or if no training artist has a microgenre: a
    catalogue may have microgenres only as labels of tracks.
    """
    names, test = predictor.microgenres, rows_of(table, "test", table.of_artist)
    columns = scored_columns(table, names)
    if not len(test) or not len(columns):
        return {}
    wanted = (even(table.of_artist, names)[test].toarray() > 0)[:, columns]
    results: dict[str, MicroScores] = {}
    if task is not None:
        train, valid = (rows_of(table, split, table.of_artist) for split in ("train", "valid"))
        hot = csr_matrix(even(table.of_artist, names)[:, columns] > 0, dtype=np.float32)
        prior = np.asarray(hot[train].mean(axis=0), np.float32).ravel()
        results["how frequent each is"] = score_micro(np.tile(prior, (len(test), 1)), wanted)
        sampled = np.random.default_rng(task.settings.seed).permutation(valid)[:CHOSEN_ON]
        parts = baselines.sound_and_names(
            table.values, task.bags, task.weight, train, np.concatenate([sampled, test]), task.settings.seed
        )
        truth = hot[sampled].toarray() > 0
        scores, chosen = baselines.nearest_labels(parts, hot[train], np.arange(len(sampled)), truth)
        results[f"nearest neighbours ({chosen})"] = score_micro(scores[len(sampled) :], wanted)
    for basis, encoded in views(predictor, table, test):
        if basis not in bases:
            continue
        scores = predictor.predict_encoded(encoded).micro
        results[TITLES[basis]] = score_micro(scores[:, columns], wanted)
    return results


def broad_results(predictor: GenrePredictor, table: TrackTable, seed: int | None = None) -> dict[str, BroadScores]:
    """Score the broad genres of the test tracks that have some (else empty); with ``seed``, baselines as well."""
    names, known = predictor.broad, genres_of_artists(table)
    if not names or not len(rows_of(table, "test", table.broad)):
        return {}
    answers = answers_of(table, table.broad, names)
    results: dict[str, BroadScores] = {}

    def note(name: str, probabilities: Floats) -> None:
        results[name] = score_broad(table, answers.test, probabilities, names, known)

    if seed is not None:
        plain = (answers.train, answers.of_train, answers.test, answers.classes, seed)
        note("majority", baselines.majority(answers.of_train, answers.classes, len(answers.test)))
        note("random forest, 13 audio features", baselines.forest(table.sound, *plain))
        note("gradient booster, 13 audio features", tuned_booster(table.sound, answers, seed).test)
        note("gradient booster, audio, year, popularity, explicit", tuned_booster(table.values, answers, seed).test)
    for basis, encoded in views(predictor, table, answers.test):
        note(TITLES[basis], predictor.predict_encoded(encoded).broad)
    return results
