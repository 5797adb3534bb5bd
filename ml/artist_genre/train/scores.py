"""The pool's weights, and the scores on artists whose labels neither the expert nor the vectors have seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ml.artist_genre.model import INPUTS, KNOWN_BY, ArtistEvidence, ArtistGenres, genre_name
from ml.artist_genre.train.data import ArtistTable
from ml.genre.encoder import Floats
from ml.genre.heads import TINY
from ml.genre.model import GenreInput, GenrePrediction, GenrePredictor
from ml.genre.train.baselines import majority
from ml.genre.train.data import Rows, first_columns, rows_of
from ml.genre.train.heads import BroadScores, score_broad
from ml.genre.train.network import fit_weights
from ml.genre.train.scores import Scores, score

TITLES = {
    "typed": "title and artist typed",
    "names": "title, artist and album",
    "unrated": "all but popularity",
    "all": "all inputs",
}
HEADS = ("genre", "broad")
# Candidate weights of the taxonomy's reading of an artist's genres, and the loss of top-1 on `valid` accepted for it.
# Kaggle's labels file rappers under "hardcore" and singers under "guitar", which no listener would agree with.
READINGS, READING_COST = (0.0, 0.25, 0.5, 1.0), 0.01
Weights = dict[str, dict[str, list[float]]]


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Labelled tracks of one split.

    ``rows`` are those of the table, ``answers`` (n,) columns of the first label, ``evidence`` what is known of each
    artist, ``alone`` the genre model's (n, k) probabilities by INPUTS.
    """

    head: str
    rows: Rows
    answers: Rows
    evidence: Sequence[ArtistEvidence | None]
    alone: Mapping[str, Floats]

    def known_by(self, word: str) -> np.ndarray:
        """Return (n,) whether each track's artist is known by ``word``, one of KNOWN_BY."""
        return np.array([evidence is not None and evidence.known_by == word for evidence in self.evidence], bool)


def shown(track: GenreInput, inputs: str) -> GenreInput:
    """Return a track reduced to ``inputs``, one of INPUTS."""
    if inputs == "all":
        return track
    if inputs == "unrated":
        return replace(track, popularity=None)
    album = track.album if inputs == "names" else None
    return GenreInput(title=track.title, artists=track.artists, album=album)


def held_out(model: ArtistGenres, table: ArtistTable, predictor: GenrePredictor, split: str, head: str) -> HeldOut:
    """Return the answers of genre model and expert for the tracks of a split with labels of ``head``, one of HEADS."""
    labels, names = (
        (table.tracks.labels, predictor.genres) if head == "genre" else (table.tracks.broad, predictor.broad)
    )
    rows = rows_of(table.tracks, split, labels)
    tracks = [table.tracks.input(row) for row in rows]
    alone = {}
    for inputs in INPUTS:
        encoded = predictor.encode([shown(track, inputs) for track in tracks])
        alone[inputs] = getattr(predictor.predict_encoded(encoded), head)
    return HeldOut(
        head=head,
        rows=rows,
        answers=first_columns(labels, rows, names),
        evidence=evidence_of(model, table, rows),
        alone=alone,
    )


def evidence_of(model: ArtistGenres, table: ArtistTable, rows: Rows) -> list[ArtistEvidence | None]:
    """Return the model's evidence from the first artist of each of the ``rows``."""
    artists = table.of_track[rows].tolist()
    known = {artist: model.predict((table.keys[artist],)) for artist in set(artists) - {-1}}
    return [known.get(artist) for artist in artists]


def choose_reading(model: ArtistGenres, table: ArtistTable, held: HeldOut) -> ArtistGenres:
    """Return the model with the weight of the reading chosen for each of KNOWN_BY.

    It is the largest of READINGS that lowers the top-1 accuracy on ``held`` by no more than READING_COST, both with
    typed inputs and with all inputs.
    """
    right: dict[float, dict[str, npt.NDArray[np.float64]]] = {}
    for weight in READINGS:
        trial = model.with_settings(reading=dict.fromkeys(KNOWN_BY, weight))
        tried = replace(held, evidence=evidence_of(trial, table, held.rows))
        trial = trial.with_settings(pool={held.head: weigh(tried)})
        hits = [pooled(trial, tried, inputs).argmax(axis=1) == held.answers for inputs in ("typed", "all")]
        right[weight] = {word: np.sum(np.array(hits)[:, held.known_by(word)], axis=1) for word in KNOWN_BY}
    least = {word: right[0.0][word] - READING_COST * held.known_by(word).sum() for word in KNOWN_BY}
    chosen = {word: max(w for w in READINGS if (right[w][word] >= least[word]).all()) for word in KNOWN_BY}
    return model.with_settings(reading=chosen)


def weigh(held: HeldOut) -> Weights:
    """Return the weights of genre model and expert with the least log-loss, by INPUTS and KNOWN_BY.

    For a value of KNOWN_BY without artists, the weights are those of all artists.
    """
    there = np.array([evidence is not None for evidence in held.evidence], bool)
    of_artist = np.stack([getattr(evidence, held.head) for evidence in held.evidence if evidence is not None])
    found: Weights = {}
    for inputs in INPUTS:
        logs = np.log(np.maximum(np.stack([held.alone[inputs][there], of_artist]), TINY))
        masks = {word: held.known_by(word)[there] for word in KNOWN_BY}
        found[inputs] = {
            word: fit_weights(logs[:, chosen], held.answers[there][chosen]).round(4).tolist()
            for word, mask in masks.items()
            if (chosen := mask if mask.any() else np.ones_like(mask)).any()
        }
    return found


def pooled(model: ArtistGenres, held: HeldOut, inputs: str) -> Floats:
    """Return the (n, k) probabilities as served: the genre model's, pooled with the expert's evidence if any."""
    found = held.alone[inputs].copy()
    nothing = np.zeros((1, 0), np.float32)
    for row, evidence in enumerate(held.evidence):
        if evidence is not None:
            heads = dict.fromkeys(("genre", "broad", "micro"), nothing) | {held.head: found[row : row + 1]}
            found[row] = getattr(model.pool(GenrePrediction(**heads), inputs, evidence), held.head)[0]
    return found


@dataclass(frozen=True, kw_only=True)
class Gain:
    """Top-1 accuracy (0 to 1) on a part of the test tracks: the genre model alone, and with the artist."""

    tracks: int
    typed: float
    typed_with_artist: float
    all: float
    all_with_artist: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """All scores of a version on ``test`` by the name of the model or of the part of the tracks."""

    genres: Mapping[str, Scores]
    broad: Mapping[str, BroadScores]
    gains: Mapping[str, Gain]


def with_artist(inputs: str) -> str:
    """Return the name of the scores' row for the pooled model."""
    return f"with the artist, {TITLES[inputs]}"


def without_artist(inputs: str) -> str:
    """Return the name of the scores' row for the genre model alone, which is served where the artist is unknown."""
    return f"artist unknown, {TITLES[inputs]}"


def score_all(model: ArtistGenres, table: ArtistTable, predictor: GenrePredictor) -> Report:
    """Score the pool, the genre model alone and baselines on the ``test`` tracks."""
    held = held_out(model, table, predictor, "test", "genre")
    train = rows_of(table.tracks, "train", table.tracks.labels)
    prior = majority(first_columns(table.tracks.labels, train, predictor.genres), len(predictor.genres), len(held.rows))
    genres = {
        "majority": score(prior, held.answers),
        "genre of the artist's first microgenre": score(by_taxonomy(model, held, prior), held.answers),
    }
    served = {inputs: pooled(model, held, inputs) for inputs in TITLES}
    for inputs in TITLES:
        genres[without_artist(inputs)] = score(held.alone[inputs], held.answers)
    genres |= {with_artist(inputs): score(served[inputs], held.answers) for inputs in TITLES}
    return Report(genres=genres, broad=broad_scores(model, table, predictor), gains=gains(model, held, served))


def by_taxonomy(model: ArtistGenres, held: HeldOut, prior: Floats) -> Floats:
    """Return the baseline: 0.9 for the taxonomy's genre of an artist's most frequent microgenre, rest ``prior``."""
    found = prior.copy()
    for row, evidence in enumerate(held.evidence):
        if evidence is not None and evidence.names:
            found[row] *= 0.1
            found[row, model.genres.index(model.taxonomy.predict(evidence.names[0]).genre)] += 0.9
    return found


def broad_scores(model: ArtistGenres, table: ArtistTable, predictor: GenrePredictor) -> dict[str, BroadScores]:
    """Score the broad genres of the test tracks, which playlists were gathered by; empty without any."""
    if not predictor.broad:
        return {}
    held = held_out(model, table, predictor, "test", "broad")
    of_artists = {
        table.tracks.artists[row][0]: evidence.names
        for row, evidence in zip(held.rows, held.evidence, strict=True)
        if evidence is not None and evidence.names
    }
    named = [(without_artist(inputs), held.alone[inputs]) for inputs in TITLES]
    named += [(with_artist(inputs), pooled(model, held, inputs)) for inputs in TITLES]
    return {name: score_broad(table.tracks, held.rows, found, predictor.broad, of_artists) for name, found in named}


def gains(model: ArtistGenres, held: HeldOut, served: Mapping[str, Floats]) -> dict[str, Gain]:
    """Return the gain by how the artist is known, and by whether the label is among the artist's own genres.

    Kaggle's labels were gathered by searches for a genre, which find tracks by the genres of their artists. A label
    among the artist's own genres is therefore no independent test.
    """
    names = [set(evidence.names) if evidence is not None else set() for evidence in held.evidence]
    label = [genre_name(model.genres[column]) for column in held.answers]
    is_named = np.array([word in known for word, known in zip(label, names, strict=True)], bool)
    parts = {f"artist known by {word}": held.known_by(word) for word in KNOWN_BY}
    parts["the label is one of the artist's own genres"] = is_named
    parts["artist with genres, none of which is the label"] = np.array([bool(known) for known in names]) & ~is_named
    parts["all tracks"] = np.ones(len(names), bool)

    def right(found: Floats, part: np.ndarray) -> float:
        return float((found.argmax(axis=1) == held.answers)[part].mean())

    return {
        name: Gain(
            tracks=int(part.sum()),
            typed=right(held.alone["typed"], part),
            typed_with_artist=right(served["typed"], part),
            all=right(held.alone["all"], part),
            all_with_artist=right(served["all"], part),
        )
        for name, part in parts.items()
        if part.any()
    }
