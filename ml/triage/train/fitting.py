"""Fits the weights of the triage model on simulated persons."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from ml.triage.evidence import EVIDENCE, Evidence, TrackFacts
from ml.triage.model import NONE_EVIDENCE, Triage, none_evidence
from ml.triage.train.persons import Person
from store.feature_rows import Floats

_TINY = 1e-12


@dataclass(frozen=True)
class Case:
    """The undecided heap of a person at one moment.

    Attributes
    ----------
    evidence : np.ndarray
        (n, playlists, :data:`EVIDENCE`).
    none : np.ndarray
        (:data:`NONE_EVIDENCE`,).
    distance : np.ndarray
        (n, playlists) distance from each playlist's mean sound, for a baseline; NaN where unknown.
    answers : np.ndarray
        (n, playlists + 1) bool, as in :class:`Person`.
    """

    evidence: Floats
    none: Floats
    distance: Floats
    answers: npt.NDArray[np.bool_]


@dataclass
class Session:
    """A simulated person who sorts their heap in order."""

    facts: TrackFacts
    person: Person

    def __post_init__(self) -> None:
        self._evidence = Evidence(self.facts.of([song for songs in self.person.playlists for song in songs]))
        self._members = [list(songs) for songs in self.person.playlists]
        self._refused: list[list[int]] = [[] for _ in self.person.playlists]
        self._start = 0
        self._none = 0

    def case(self) -> Case:
        """Return the case of the songs that are not decided yet."""
        tracks = self.facts.of(self.person.heap[self._start :])
        members = [self.facts.of(songs) for songs in self._members]
        columns = [
            self._evidence.rows(tracks, playlist, self.facts.of(refused))
            for playlist, refused in zip(members, self._refused, strict=True)
        ]
        distance = [np.linalg.norm(tracks.sound - _mean_sound(playlist), axis=1) for playlist in members]
        none = none_evidence(len(self._members), self._none, self._start - self._none)
        answers = self.person.answers[self._start :]
        return Case(np.stack(columns, axis=1), none, np.stack(distance, axis=1), answers)

    def decide(self, proposals: npt.NDArray[np.intp]) -> None:
        """Decide the first half of the remaining songs: refuse wrong ``proposals`` (n,), accept the right playlists."""
        until = self._start + len(proposals) // 2
        for at, proposal in zip(range(self._start, until), proposals, strict=False):
            song, answers = self.person.heap[at], self.person.answers[at]
            if not answers[proposal] and proposal < len(self._members):
                self._refused[proposal].append(song)
            if answers[-1]:
                self._none += 1
            for playlist in np.flatnonzero(answers[:-1]):
                self._members[playlist].append(song)
        self._start = until


def _mean_sound(playlist: TrackFacts) -> Floats:
    known = playlist.sound[~np.isnan(playlist.sound).any(axis=1)]
    return known.mean(axis=0) if len(known) else np.full(playlist.sound.shape[1], np.nan)


def cases_of(facts: TrackFacts, people: Sequence[Person], model: Triage | None = None) -> list[Case]:
    """Return a case for each person at the start and, with a ``model``, one after half is decided with its help."""
    cases = []
    for person in people:
        session = Session(facts, person)
        cases.append(session.case())
        if model is not None:
            session.decide(model.predict(cases[-1].evidence, cases[-1].none).argmax(axis=1))
            cases.append(session.case())
    return cases


def log_loss(model: Triage, cases: Sequence[Case]) -> float:
    """Return the mean negative logarithm of the probability of the right answers."""
    losses = [
        -np.log((model.predict(case.evidence, case.none) * case.answers).sum(axis=1) + _TINY)
        for case in cases
        if len(case.answers)
    ]
    return float(np.concatenate(losses).mean())


def fit_weights(cases: Sequence[Case], penalty: float, version: str, used: Sequence[str] = EVIDENCE) -> Triage:
    """Return the model that minimises the mean log-loss on ``cases`` plus ``penalty`` times the squared weights.

    Only the columns ``used`` of the evidence get a weight.
    """
    columns = [EVIDENCE.index(name) for name in used]
    every = np.concatenate([case.evidence.reshape(-1, len(EVIDENCE)) for case in cases])[:, columns]
    scale = 1 / np.maximum(every.std(axis=0), _TINY)
    evidence = [case.evidence[:, :, columns] * scale for case in cases]
    total = sum(len(case.answers) for case in cases)

    def loss(weights: Floats) -> tuple[float, Floats]:
        mine, none = weights[: len(columns)], weights[len(columns) :]
        value, gradient = penalty * float(mine @ mine), 2 * penalty * np.r_[mine, 0 * none]
        for rows, case in zip(evidence, cases, strict=True):
            scores = np.hstack([rows @ mine, np.full((len(rows), 1), case.none @ none)])
            odds = np.exp(scores - scores.max(axis=1, keepdims=True))
            odds /= odds.sum(axis=1, keepdims=True)
            right = odds * case.answers
            sums = right.sum(axis=1, keepdims=True) + _TINY
            value -= float(np.log(sums).sum()) / total
            pull = (odds - right / sums) / total
            gradient[: len(columns)] += np.einsum("np,npe->e", pull[:, :-1], rows)
            gradient[len(columns) :] += pull[:, -1].sum() * case.none
        return value, gradient

    start = np.zeros(len(columns) + len(NONE_EVIDENCE))
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    found[: len(columns)] *= scale
    weights = dict.fromkeys(EVIDENCE, 0.0) | dict(zip([*used, *NONE_EVIDENCE], found.tolist(), strict=True))
    return Triage(version, weights)
