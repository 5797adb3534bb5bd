"""Playlist continuation that knows the user's own playlists: trained here, scored on some of them, kept if it wins.

The rankers are those that ship. What is learnt is which lists hold what; which way to rank serves is what finds most
of the hidden halves of the user's own playlists.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import artefacts
from ml.artists import ArtistEmbedding
from ml.continuation import METHODS, Asked, Continuation, Knowledge, Listened
from ml.continuation_features import Evidence, words
from ml.jobs import Job, TooLittle
from ml.listened import Lists
from ml.needs import LISTS as FEWEST_LISTS
from ml.needs import SONGS as FEWEST_SONGS
from ml.scores import digest_of
from ml.shelf import scores_of
from ml.train.beside import Scored, served_now
from ml.train.continuation_protocol import MEASURES, measures
from store.catalogue import Snapshot
from store.database import Database
from store.domain import Track
from store.playlist_sets import read_batches
from store.segment import recording_hash
from store.text import recording_key, split_artists

TASK = "continuation"
MOST_ASKED = 40  # of more playlists a sample is scored: about half a second each
MOST_SET_LISTS = 200_000  # of public sets: their songs' numbers take some 100 MB
_SAME = 0.8  # share of a list's songs in another one that makes the two copies, of which neither speaks for the other


@dataclass(frozen=True, kw_only=True, slots=True)
class OwnList:
    """A playlist: ``tracks`` where it is the user's, and what it holds as ``recordings`` and first ``artists``."""

    name: str
    recordings: Sequence[int]
    artists: Sequence[str]
    tracks: Sequence[Track] = ()


def train_own(job: Job) -> dict[str, Any]:
    """Learn from the owner's and everybody's playlists and imported sets; return the version and every method's score.

    ``options`` of the request: ``sets`` (true) whether imported playlist sets are learnt from too.

    Raises
    ------
    TooLittle
        Fewer than five playlists have ten songs.
    """
    job.say("reading playlists")
    mine = list(own_lists(job.database, job.owner))
    asked = [at for at, one in enumerate(mine) if len(set(one.recordings)) >= FEWEST_SONGS]
    if len(asked) < FEWEST_LISTS:
        raise TooLittle(
            f"Only {len(asked)} playlists here have {FEWEST_SONGS} songs or more.",
            f"Bring in at least {FEWEST_LISTS}: each is asked about with half of it hidden.",
        )
    options = job.request.get("options") or {}
    lists = [*mine, *(set_lists(job.var / "playlists") if options.get("sets", True) else ())]
    artists = ArtistEmbedding.load(job.shelf.active("artists"))
    knowledge = Knowledge.load(job.shelf.active(TASK))
    listened = build(lists, artists)
    model = Continuation("own", knowledge, artists, listened)
    table = compare(model, job.catalogue.current(), mine, asked, job)
    scores = described(table, len(lists), artists.version)
    return _write(job, knowledge, listened, scores | _beside(job, mine, scores))


def own_lists(database: Database, owner: str | None) -> Iterator[OwnList]:
    """Yield the playlists of a browser session and those that the operator imported."""
    for playlist in database.playlists(owner):
        items = database.playlist_items(playlist.id, limit=playlist.item_count)
        tracks = database.get_tracks({item.track_id for item in items})
        held = [tracks[item.track_id] for item in items if item.track_id in tracks]
        held = [track for track in held if track.artists]
        yield OwnList(
            name=playlist.name,
            recordings=[_recording(track.title, track.artists[0]) for track in held],
            artists=[track.artists[0] for track in held],
            tracks=held,
        )


def set_lists(root: Path, most: int = MOST_SET_LISTS) -> Iterator[OwnList]:
    """Yield at most so many lists of the imported sets (:mod:`store.playlist_sets`)."""
    named: dict[str, tuple[int, str]] = {}
    for batch in read_batches(root, "tracks"):
        columns = (batch.column(name).to_pylist() for name in ("id", "title", "artist"))
        for track_id, title, artist in zip(*columns, strict=True):
            if track_id not in named and title and artist:
                first = split_artists(artist)[0]
                named[track_id] = (_recording(title, first), first)
    left = most
    for batch in read_batches(root, "playlists"):
        for name, held in zip(batch.column("name").to_pylist(), batch.column("tracks").to_pylist(), strict=True):
            if left == 0:
                return
            left -= 1
            found = [named[track_id] for track_id in held if track_id in named]
            yield OwnList(name=name or "", recordings=[r for r, _ in found], artists=[a for _, a in found])


def _recording(title: str, artist: str) -> int:
    return recording_hash(recording_key(title, artist))


def build(lists: Sequence[OwnList], artists: ArtistEmbedding) -> Listened:
    """Return the lists as evidence, artists by their number in ``artists``."""
    recordings = np.unique(np.array([r for one in lists for r in one.recordings], np.int64))
    numbers = {name: artists.find_exact(name) for name in {a for one in lists for a in one.artists}}
    songs, held, shares = [], [], []
    word_lists: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(lists):
        songs.append(np.searchsorted(recordings, np.unique(np.array(one.recordings, np.int64))))
        known = [n for n in (numbers[name] for name in one.artists) if n is not None]
        who, often = np.unique(np.array(known, np.int64), return_counts=True)
        held.append(who)
        shares.append(np.sqrt(often / often.max(initial=1)))
        for word in words(one.name):
            word_lists[word].append(at)
    evidence = Evidence(
        songs=Lists.of(songs, len(recordings)),
        artists=Lists.of(held, len(artists), shares),
        word_lists={word: np.array(ats) for word, ats in word_lists.items()},
    )
    return Listened(recordings=recordings, evidence=evidence)


def copies(mine: Sequence[OwnList], at: int) -> list[int]:
    """Return the number ``at`` and those of the lists that share most of their songs with it."""
    songs = set(mine[at].recordings)
    return [
        i
        for i, other in enumerate(mine)
        if i == at or len(songs & set(other.recordings)) >= _SAME * max(1, min(len(songs), len(set(other.recordings))))
    ]


def compare(
    model: Continuation, snapshot: Snapshot, mine: Sequence[OwnList], asked: Sequence[int], job: Job
) -> dict[str, npt.NDArray[np.float64]]:
    """Return (lists, measures) of every method: half of each playlist hidden, its copies left out of account."""
    rng = np.random.default_rng(1)
    some = sorted(rng.permutation(asked)[:MOST_ASKED].tolist())
    found: dict[str, list[tuple[float, float, float]]] = {method: [] for method in METHODS}
    for done, at in enumerate(some):
        job.say("scoring on held-out halves", done, len(some))
        order = rng.permutation(len(mine[at].tracks))
        tracks = [mine[at].tracks[i] for i in order]
        half = len(tracks) // 2
        seeds = {_recording(track.title, track.artists[0]) for track in tracks[:half]}
        hidden = np.array(sorted({_recording(t.title, t.artists[0]) for t in tracks[half:]} - seeds), np.int64)
        if not len(hidden):
            continue
        question = Asked(tracks=tracks[:half], name=mine[at].name, muted=copies(mine, at))
        for method in METHODS:
            ranked = model.ranked(snapshot, question, method)
            codes = [int(snapshot.segment(ref.segment).recording_code[ref.row]) for ref, _ in ranked]
            found[method].append(measures(np.array(codes, np.int64), hidden))
    return {method: np.array(rows) for method, rows in found.items()}


def described(table: dict[str, npt.NDArray[np.float64]], lists: int, artists_version: str) -> dict[str, Any]:
    """Return ``scores.json``: means, and the method that serves, the best by NDCG (of equal ones the plainer)."""
    means = {method: rows.mean(axis=0) for method, rows in table.items()}
    served = max(METHODS, key=lambda method: float(means[method][1]))
    rows = [
        {"model": method} | {name: round(float(value), 4) for name, value in zip(MEASURES, means[method], strict=True)}
        for method in METHODS
    ]
    score = next({k: v for k, v in row.items() if k != "model"} for row in rows if row["model"] == served)
    return {
        "split": f"half of each of {len(table[served])} own playlists hidden, without its copies; {lists} lists learnt",
        "table": rows,
        "served": served,
        "served_score": score | {"lists": len(table[served])},
        "artists_version": artists_version,
    }


def _beside(job: Job, mine: Sequence[OwnList], scores: dict[str, Any]) -> dict[str, Any]:
    """Return which lists were asked about, and how the way to rank that is served now does on their hidden halves."""
    on = digest_of([len(job.catalogue.current()), *(tuple(one.recordings) for one in mine)])

    def score_served(folder: Path) -> Scored:
        method = (scores_of(job.shelf, TASK, folder.name) or {}).get("served")
        row = next((row for row in scores["table"] if row["model"] == method), None)
        return row, "Its way to rank, with the playlists of today." if row else "It ranks in a way that is no more."

    return {"on": on, "before": served_now(job, TASK, on, score_served)}


def _write(job: Job, knowledge: Knowledge, listened: Listened, scores: dict[str, Any]) -> dict[str, Any]:
    version = job.new_version()
    directory = job.place / TASK / version
    written = [*knowledge.save(directory), *listened.save(directory), directory / "scores.json", directory / "card.md"]
    written[-2].write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    lines = [
        f"| {r['model']} | {r['r_precision']:.3f} | {r['ndcg']:.3f} | {r['clicks']:.1f} |" for r in scores["table"]
    ]
    head = "| method | R-precision | NDCG@500 | clicks |\n|---|---|---|---|"
    written[-1].write_text(
        f"# Playlist continuation {version}, trained here\n\nServes **{scores['served']}**. Split: {scores['split']}.\n"
        f"Hidden songs that the catalogue does not hold count as missed.\n\n{head}\n" + "\n".join(lines) + "\n",
        encoding="utf-8",
    )
    artefacts.register(TASK, version, written, job.place, activate=False)
    return {"version": version, **scores}
