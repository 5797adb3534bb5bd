"""The card of the expert on the artist, written by the training."""

from dataclasses import asdict
from pathlib import Path

from ml.artist_genre.model import KEPT, KNOWN_BY, ArtistGenres
from ml.artist_genre.train.data import ArtistTable, Settings
from ml.artist_genre.train.scores import READING_COST, READINGS, Report, with_artist
from ml.genre.train.heads import BROAD_HEADINGS
from ml.genre.train.scores import Scores, format_table
from ml.train.card import command, render

SERVED = with_artist("typed")
# Least top-1, top-3 and macro-F1 by what is known of the track, and the largest calibration error.
TARGETS: dict[str, tuple[float, float, float | None]] = {"typed": (0.40, 0.62, None), "all": (0.58, 0.82, 0.53)}
MOST_ECE = 0.03
GAIN_HEADINGS = ("tracks", "typed", "typed, with the artist", "all inputs", "all inputs, with the artist")


def tables(report: Report) -> str:
    """Return the three tables of a report in Markdown."""
    broad = format_table(report.broad, BROAD_HEADINGS) if report.broad else ""
    return "\n\n".join([format_table(report.genres), broad, format_table(report.gains, GAIN_HEADINGS)])


def targets_of(report: Report) -> list[tuple[str, bool]]:
    """Return each target for the test tracks of the shared data with the score reached, and whether it is met."""
    found = []
    for inputs in TARGETS:
        found += targets_of_genres(with_artist(inputs), inputs, report.genres[with_artist(inputs)])
    if report.broad:
        single = report.broad[with_artist("all")].single or 0.0
        found.append((f"broad genres at least 0.72: {single:.3f}", single >= 0.72))
    return found


def targets_of_genres(name: str, inputs: str, ours: Scores) -> list[tuple[str, bool]]:
    """Return the targets for the 114 genres by ``inputs``, one of TARGETS, with the scores reached, and whether met."""
    top1, top3, macro_f1 = TARGETS[inputs]
    found = [
        (f"{name}: top-1 at least {top1:.2f}: {ours.top1:.3f}", ours.top1 >= top1),
        (f"{name}: top-3 at least {top3:.2f}: {ours.top3:.3f}", ours.top3 >= top3),
    ]
    if macro_f1 is not None:
        found.append((f"{name}: macro-F1 at least {macro_f1:.2f}: {ours.macro_f1:.3f}", ours.macro_f1 >= macro_f1))
    return [*found, (f"{name}: calibration error at most {MOST_ECE}: {ours.ece:.3f}", ours.ece <= MOST_ECE)]


def write(model: ArtistGenres, table: ArtistTable, settings: Settings, report: Report) -> str:
    """Return the card's Markdown."""
    return render(
        Path(__file__).with_name("card.md.j2"),
        version=model.version,
        taxonomy=model.taxonomy.version,
        genre=model.settings["genre"],
        command=command(),
        settings=asdict(settings),
        artists=len(table.keys),
        known={word: int((table.known_by == at).sum()) for at, word in enumerate(KNOWN_BY)},
        genres=len(table.names),
        pool=model.settings["pool"],
        reading=model.settings["reading"],
        readings=READINGS,
        reading_cost=READING_COST,
        kept=KEPT,
        table=format_table(report.genres),
        broad=format_table(report.broad, BROAD_HEADINGS) if report.broad else None,
        gains=format_table(report.gains, GAIN_HEADINGS),
        targets=targets_of(report) if report.broad else [],
    )
