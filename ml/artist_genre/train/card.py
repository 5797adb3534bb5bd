"""The card of the expert on the artist, written by the training."""

from dataclasses import asdict
from pathlib import Path

from ml.artist_genre.model import KEPT, KNOWN_BY, ArtistGenres
from ml.artist_genre.train.data import ArtistTable, Settings
from ml.artist_genre.train.scores import READING_COST, READINGS, Report, with_artist
from ml.genre.train.heads import BROAD_HEADINGS
from ml.genre.train.scores import format_table
from ml.train.card import render
from ml.train.revision import command

SERVED = with_artist("typed")
GAIN_HEADINGS = ("tracks", "typed", "typed, with the artist", "all inputs", "all inputs, with the artist")


def tables(report: Report) -> str:
    """Return the three tables of a report in Markdown."""
    broad = format_table(report.broad, BROAD_HEADINGS) if report.broad else ""
    return "\n\n".join([format_table(report.genres), broad, format_table(report.gains, GAIN_HEADINGS)])


def targets_of(report: Report) -> list[tuple[str, bool]]:
    """Return each target for the test tracks of the shared data with the score reached, and whether it is met."""
    found = []
    for inputs, top1, top3, macro_f1 in (("typed", 0.40, 0.62, None), ("all", 0.58, 0.82, 0.53)):
        ours, name = report.genres[with_artist(inputs)], with_artist(inputs)
        found.append((f"{name}: top-1 at least {top1:.2f}: {ours.top1:.3f}", ours.top1 >= top1))
        found.append((f"{name}: top-3 at least {top3:.2f}: {ours.top3:.3f}", ours.top3 >= top3))
        if macro_f1 is not None:
            found.append((f"{name}: macro-F1 at least {macro_f1:.2f}: {ours.macro_f1:.3f}", ours.macro_f1 >= macro_f1))
        found.append((f"{name}: calibration error at most 0.03: {ours.ece:.3f}", ours.ece <= 0.03))
    if report.broad:
        single = report.broad[with_artist("all")].single or 0.0
        found.append((f"broad genres at least 0.72: {single:.3f}", single >= 0.72))
    return found


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
