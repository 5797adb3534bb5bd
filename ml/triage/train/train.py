"""Fits the triage model on simulated persons: ``python -m ml train triage``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.artists.model import ArtistEmbedding
from ml.genre.model import GenrePredictor
from ml.registry import ModelRegistry
from ml.scores import score_rows
from ml.train.card import better_than, command, markdown_table, render
from ml.train.publish import add_scores, publish
from ml.triage.evidence import EVIDENCE, TrackReader
from ml.triage.model import Triage
from ml.triage.train import persons
from ml.triage.train.fitting import Case, cases_of, fit_weights, log_loss
from ml.triage.train.scores import OURS, Scores, compare, format_table, reliability_of

TASK = "triage"
VERSION = "2026.11.2"
_PENALTIES = (1e-4, 1e-3, 3e-3, 1e-2)
Report = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How many persons are drawn: from ``train``, from ``valid`` and ``test`` each, and from each real library."""

    learnt: int = 400
    scored: int = 200
    each: int = 25


QUICK = Settings(learnt=30, scored=15, each=2)


@dataclass(frozen=True, kw_only=True)
class TriageFit:
    """The model, its scores on ``test`` and on the real libraries, and the log-losses of the variants on ``valid``."""

    model: Triage
    test: Mapping[str, Scores]
    libraries: Mapping[str, Scores]
    penalties: Sequence[tuple[float, float]]
    penalty: float
    without: Sequence[tuple[str, float]]
    tracks: int
    reliability: Sequence[Mapping[str, float]]


def reader_of(models: Path) -> TrackReader:
    """Return a reader of tracks with the served models of artists and genres."""
    registry = ModelRegistry(models)
    return TrackReader(ArtistEmbedding.load(registry.active("artists")), GenrePredictor.load(registry.active("genre")))


def fit(songs: persons.Songs, version: str, settings: Settings, seed: int, report: Report) -> TriageFit:
    """Fit the weights on ``train``, choose the penalty on ``valid``, and score them on ``test``.

    A person's earlier decisions are simulated with the proposals of a first model, which was fitted without any.
    """
    people = {
        "train": persons.persons(songs, "train", settings.learnt, seed),
        "valid": persons.persons(songs, "valid", settings.scored, seed + 1),
    }
    first = fit_weights(cases_of(songs.facts, people["train"]), _PENALTIES[0], version)
    report("the first model is fitted")
    cases = {split: cases_of(songs.facts, of_split, first) for split, of_split in people.items()}
    report("persons are simulated")
    fitted = [(penalty, fit_weights(cases["train"], penalty, version)) for penalty in _PENALTIES]
    losses = [(penalty, log_loss(model, cases["valid"])) for penalty, model in fitted]
    penalty, _loss = min(losses, key=lambda pair: pair[1])
    model = dict(fitted)[penalty]
    report("ablation")
    test, libraries = scored(songs, model, settings, seed)
    return TriageFit(
        model=model,
        test=compare(model, test),
        libraries=compare(model, libraries),
        penalties=losses,
        penalty=penalty,
        without=[
            (name, log_loss(fit_weights(cases["train"], penalty, version, _but(name)), cases["valid"]))
            for name in EVIDENCE
        ],
        tracks=sum(len(case.answers) for case in test),
        reliability=reliability_of(model, test),
    )


def _but(name: str) -> list[str]:
    return [other for other in EVIDENCE if other != name]


def scored(songs: persons.Songs, model: Triage, settings: Settings, seed: int) -> tuple[list[Case], list[Case]]:
    """Return the cases of ``test`` and of the real libraries, at the start and after half is decided with ``model``."""
    return (
        cases_of(songs.facts, persons.persons(songs, "test", settings.scored, seed + 2), model),
        cases_of(songs.facts, persons.library_persons(songs, settings.each, seed + 3), model),
    )


def train(data: Path, models: Path, *, seed: int = 1, quick: bool = False, report: Report = print) -> TriageFit:
    """Write ``models/triage/<version>``; raises FileNotFoundError if a file of ``data`` is absent."""
    settings, version = QUICK if quick else Settings(), f"{VERSION}-quick" if quick else VERSION
    made = fit(persons.read(data, reader_of(models)), version, settings, seed, report)
    folder = models / TASK / version
    rows = score_rows(made.test)
    card = render(
        Path(__file__).with_name("card.md.j2"),
        version=version,
        command=command(),
        seed=seed,
        settings=settings,
        made=made,
        weights=markdown_table(("evidence", "weight"), made.model.weights.items()),
        penalties=markdown_table(("penalty", "log-loss on valid"), [(f"{p:g}", loss) for p, loss in made.penalties]),
        without=markdown_table(("without", "log-loss on valid"), made.without),
        test=format_table(made.test),
        libraries=format_table(made.libraries),
        better=better_than(TASK, rows, OURS),
    )
    figures = {"split": _split(made), "table": rows, "served": OURS, "reliability": made.reliability}
    publish(folder, made.model.save(folder), card, activate=not quick, **figures)
    report(f"{format_table(made.test)}\n\nreal libraries\n\n{format_table(made.libraries)}")
    return made


def _split(made: TriageFit) -> str:
    return f"{made.tracks} held-out tracks of simulated persons, playlists of the split `test`"


def evaluate(data: Path, models: Path) -> dict[str, Scores]:
    """Score the active version and the baselines on ``test``, print the scores, and store the model's reliability.

    Raises FileNotFoundError if a file of ``data`` is absent, ml.artefacts.ArtefactError if no version is active.
    """
    model = Triage.load(ModelRegistry(models).active(TASK))
    test, libraries = scored(persons.read(data, reader_of(models)), model, Settings(), 1)
    results = compare(model, test)
    print(f"{TASK} {model.version}\n\n{format_table(results)}\n\nreal libraries")
    print(format_table(compare(model, libraries)))
    add_scores(models / TASK / model.version, reliability=reliability_of(model, test))
    return results
