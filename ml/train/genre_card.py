"""The genre model's card, written by the run that trained it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import numpy as np

from ml.genre import GenrePredictor
from ml.train.genre_data import TrackTable
from ml.train.genre_network import EXPERTS, Settings
from ml.train.genre_scores import Scores, f1_by_class, format_table
from ml.train.revision import revision

_CARD = """# Genre model {version}

Audio features, title, artists, album and year, any part alone, to calibrated probabilities over {genres} genres
(taxonomy {taxonomy}).

- **Trained** {date} at git revision {revision} by `{command}`.
- **Data** {data}: {train} labelled training tracks of {artists} artists; {aside} more training tracks whose artists'
  microgenres or playlists teach an auxiliary output that does not ship. What ships is learnt weights, scaler numbers,
  hashes of word pieces and means per genre; no track, title or playlist.
- **Licence caution** {caution}
- **Popularity** is Spotify's, of the day the table was made. It tells so much because each genre of the table was
  collected by a search of its own; where it is unknown, as from every source but a file, the figures are those of
  "popularity unknown".
- **Split** by artist: no artist of `valid` ({valid} labelled tracks) or `test` ({test}) is in `train`. `train` fits,
  `valid` picks the epoch, the experts' weights (which calibrate), `test` is reported. The settings below were chosen
  by hand with both in sight, so the figures are a little kinder than a third set of artists would be.
- **Settings** {settings}
- **Weights** of the experts ({experts}) by what is known: {weights}.
- **Export** LiteRT and Keras differ by {gap:.1e} at most on {proof}.

## Scores on `test`, first label as the answer

{table}

"Names alone" sees title, artists and album; "audio alone" the 13 features. The baselines are fitted in the same run on
the same training tracks.

## Where it loses

The genres it finds worst (F1 on `test`): {worst}.
The genres it finds best: {best}.
Most frequent confusions (answer, then what it said): {confusions}.
{loses}
"""

_LOSES = """The labels are noisy: a fifth of the labelled tracks carry several and only the first counts, and many are a
mood or an occasion (happy, sad, party, study) or overlap (latin and latino, punk and punk-rock). Artists that it learnt
from are remembered by name: there it is surer, and righter, than these figures, which are of artists it never saw."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """How a version came about, in the words of its card."""

    command: str
    data: str = (
        "A table of Spotify tracks collected from public repositories, with Kaggle's 114 genre labels as the answers"
    )
    caution: str = (
        "The audio features are Spotify's, whose developer terms forbid training on content taken from its API. "
        "Train your own on other data (`--data DIR`, same columns, or in the Lab) where that matters to you."
    )


def write(
    predictor: GenrePredictor,
    table: TrackTable,
    settings: Settings,
    results: Mapping[str, Scores],
    origin: Origin,
) -> str:
    """Return the card's Markdown."""
    train = table.rows("train")
    return _CARD.format(
        version=predictor.version,
        genres=len(predictor.genres),
        taxonomy=predictor.taxonomy.version,
        date=datetime.now(UTC).date().isoformat(),
        revision=revision(),
        command=origin.command,
        data=origin.data,
        caution=origin.caution,
        train=len(train),
        artists=len({table.artists[row][:1] for row in train}),
        aside=sum(bool(table.micro[row]) and not table.labels[row] for row in table.rows("train", labelled=False)),
        valid=len(table.rows("valid")),
        test=len(table.rows("test")),
        settings=", ".join(f"{name} {value}" for name, value in asdict(settings).items()),
        experts=", ".join(EXPERTS),
        weights="; ".join(f"{basis} {value}" for basis, value in predictor.settings["weights"].items()),
        gap=predictor.settings["litert_difference"],
        proof="512 rows of `valid`",
        table=format_table(results),
        loses=_LOSES,
        **_losses(predictor, table),
    )


def _losses(predictor: GenrePredictor, table: TrackTable) -> dict[str, str]:
    rows, genres = table.rows("test"), predictor.genres
    answers = np.array([genres.index(table.labels[row][0]) for row in rows])
    guesses = predictor.predict([table.input(row) for row in rows]).argmax(axis=1)
    f1 = f1_by_class(guesses, answers, len(genres))
    present = [i for i in np.argsort(f1) if not np.isnan(f1[i])]
    wrong = guesses != answers
    pairs, counts = np.unique(np.stack([answers[wrong], guesses[wrong]], axis=1), axis=0, return_counts=True)
    most = pairs[np.argsort(-counts, kind="stable")[:8]]
    return {
        "worst": ", ".join(f"{genres[i]} {f1[i]:.2f}" for i in present[:12]),
        "best": ", ".join(f"{genres[i]} {f1[i]:.2f}" for i in present[:-9:-1]),
        "confusions": ", ".join(f"{genres[a]} > {genres[b]}" for a, b in most),
    }
