"""Playlist continuation that knows the user's own playlists: trained here, scored on some of them, kept if it wins.

The rankers are those that ship. What is learnt is which lists hold what, and the neural part: embeddings of their
songs. Which way to rank serves is what finds most of the hidden halves of the user's own playlists.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.continuation.features import ListIndex, words
from ml.continuation.interactions import Lists, ranges
from ml.continuation.model import Continuation, ContinuationQuery, Knowledge, PlaylistEvidence
from ml.continuation.neural import Neural
from ml.continuation.train import card as continuation_card
from ml.continuation.train.neural import Trainer
from ml.continuation.train.protocol import MEASURES, measures
from ml.continuation.train.sets import Numbers, OwnList, hashed, set_lists
from ml.continuation.train.user_trained_neural import UserTrainedNeural
from ml.jobs import Job, TooLittle
from ml.needs import LISTS as FEWEST_LISTS
from ml.needs import SONGS as FEWEST_SONGS
from ml.registry import scores_of
from ml.scores import digest_of
from ml.train.background import Scored, served_now
from ml.train.own_tracks import shown_only
from store.catalogue.catalogue import Snapshot
from store.database import Database
from store.domain import Track

Floats = npt.NDArray[np.floating[Any]]

TASK = "continuation"
_FOLDS = 2
MOST_ASKED = 40  # of more playlists a sample is scored: about half a second each
_PROTOCOL = 2  # changes with what is asked or how it is scored
_SAME = 0.8  # share of a list's songs in another one that makes the two copies, of which neither speaks for the other


def train_own(job: Job) -> dict[str, Any]:
    """Learn from the owner's and everybody's playlists and imported sets; return the version and every method's score.

    ``options`` of the request: ``sets`` (true) whether imported playlist sets are learnt from too, at most
    200,000 lists of them.

    Raises
    ------
    TooLittle
        Fewer than five playlists have ten songs.
    """
    job.say("reading playlists")
    artists = ArtistEmbedding.load(job.registry.active("artists"))
    numbers = Numbers(artists)
    mine = list(own_lists(job.database, job.owner, numbers))
    asked = [at for at, one in enumerate(mine) if len(np.unique(one.recordings)) >= FEWEST_SONGS]
    if len(asked) < FEWEST_LISTS:
        raise TooLittle(
            f"Only {len(asked)} playlists here have {FEWEST_SONGS} songs or more.",
            f"Bring in at least {FEWEST_LISTS}: each is asked about with half of it hidden.",
        )
    lists = [*mine, *public_lists(job, numbers)]
    model = Continuation("own", Knowledge.load(job.registry.active(TASK)), artists, build(lists, len(artists)))
    snapshot = job.catalogue.current()
    own = UserTrainedNeural(model, snapshot, lists)
    some = sorted(np.random.default_rng(1).permutation(asked)[:MOST_ASKED].tolist())
    table, epochs = compare(model, own, snapshot, lists, some, job)
    trainer, neural = own.final(epochs, 1, _saying(job, "learning songs from all lists"))
    scores = described(table, len(lists), artists.version)
    held_out = _held_out(job, snapshot, [mine[at] for at in some], scores)
    return _write(job, model, trainer, neural, scores | held_out)


def own_lists(database: Database, owner: str | None, numbers: Numbers) -> Iterator[OwnList]:
    """Yield the playlists of a browser session and those the operator imported, but for what may not be learnt from."""
    for playlist in database.playlists(owner):
        if shown_only(playlist.source):
            continue
        items = database.playlist_items(playlist.id, limit=playlist.item_count)
        tracks = database.get_tracks({item.track_id for item in items})
        held = [tracks[item.track_id] for item in items if item.track_id in tracks]
        yield own_list(playlist.name, [track for track in held if track.artists], numbers)


def public_lists(job: Job, numbers: Numbers) -> Iterator[OwnList]:
    """Yield the lists of the imported sets unless the request's option ``sets`` says otherwise."""
    if (job.request.get("options") or {}).get("sets", True):
        yield from set_lists(job.var / "playlists", numbers)


def own_list(name: str, tracks: Sequence[Track], numbers: Numbers) -> OwnList:
    """Return tracks, each with an artist, as a list to learn from."""
    return OwnList(
        name=name,
        recordings=np.array([hashed(track.title, track.artists[0]) for track in tracks], np.int64),
        artists=np.array([numbers[track.artists[0]] for track in tracks], np.int64),
        tracks=tracks,
    )


def build(lists: Sequence[OwnList], artists: int) -> PlaylistEvidence:
    """Return the lists as evidence, over this many ``artists``."""
    recordings = np.unique(np.concatenate([one.recordings for one in lists]))
    songs, held, shares = [], [], []
    word_lists: dict[str, list[int]] = defaultdict(list)
    for at, one in enumerate(lists):
        songs.append(np.searchsorted(recordings, np.unique(one.recordings)).astype(np.int32))
        who, counts = np.unique(one.artists[one.artists >= 0], return_counts=True)
        held.append(who.astype(np.int32))
        shares.append(np.sqrt(counts / counts.max(initial=1)).astype(np.float32))
        for word in words(one.name):
            word_lists[word].append(at)
    index = ListIndex(
        songs=Lists.of(songs, len(recordings)),
        artists=Lists.of(held, artists, shares),
        word_lists={word: np.array(ats) for word, ats in word_lists.items()},
    )
    return PlaylistEvidence(recordings=recordings, index=index)


def copies(lists: Lists, at: int) -> list[int]:
    """Return the number ``at`` and those of the lists that share most of their songs with it."""
    of = lists.item[lists.start[at] : lists.start[at + 1]]
    entries, _ = ranges(lists.item_start, of)
    shared = np.bincount(lists.list[entries], minlength=len(lists))
    shorter = np.minimum(np.diff(lists.start), len(of))
    same = shared >= _SAME * np.maximum(1, shorter)
    same[at] = True
    return [int(one) for one in np.flatnonzero(same)]


def compare(
    model: Continuation,
    own: UserTrainedNeural,
    snapshot: Snapshot,
    lists: Sequence[OwnList],
    asked: Sequence[int],
    job: Job,
) -> tuple[dict[str, Floats], int]:
    """Return (asked, measures) of every method and how long the neural part is to be trained.

    Half of each of the playlists ``asked`` is hidden, and its copies in ``lists``, imported ones among them, are left
    out of account; the neural part that is asked about a playlist was trained without it and its copies, and without
    every other one of its fold.
    """
    assert model.playlist_evidence is not None
    rng = np.random.default_rng(1)
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    same = {at: copies(model.playlist_evidence.index.songs, at) for at in asked}
    epochs = []
    for fold in range(_FOLDS):
        part = asked[fold::_FOLDS]
        say = _saying(job, f"learning songs, part {fold + 1} of {_FOLDS}")
        neural, took = own.stopped(sorted({one for at in part for one in same[at]}), fold, say)
        epochs.append(took)
        with_neural = model.with_neural(neural)
        for done, at in enumerate(part):
            job.say("scoring on held-out halves", done + fold * len(part), len(asked))
            tracks = [lists[at].tracks[i] for i in rng.permutation(len(lists[at].tracks))]
            half = len(tracks) // 2
            seeds, rest = ({hashed(t.title, t.artists[0]) for t in some} for some in (tracks[:half], tracks[half:]))
            if hidden := rest - seeds:
                question = ContinuationQuery(tracks=tracks[:half], name=lists[at].name, muted=same[at])
                for method, ranked in with_neural.compared(snapshot, question).items():
                    found[method].append(measures(ranked, np.array(sorted(hidden), np.int64)))
    return {method: np.array(rows) for method, rows in found.items()}, max(1, round(float(np.mean(epochs))))


def _saying(job: Job, phase: str) -> Callable[[int], None]:
    job.say(phase)
    return lambda epoch: job.say(phase, epoch)


def described(table: dict[str, Floats], lists: int, artists_version: str) -> dict[str, Any]:
    """Return ``scores.json``: means, and the method that serves, the best by NDCG (of equal ones the plainer)."""
    means = {method: rows.mean(axis=0) for method, rows in table.items()}
    served = max(means, key=lambda method: float(means[method][1]))
    rows = [
        {"model": method} | {name: round(float(value), 4) for name, value in zip(MEASURES, means[method], strict=True)}
        for method in means
    ]
    score = next({k: v for k, v in row.items() if k != "model"} for row in rows if row["model"] == served)
    return {
        "split": f"half of each of {len(table[served])} own playlists hidden, without its copies; {lists} lists learnt",
        "table": rows,
        "served": served,
        "served_score": score | {"lists": len(table[served])},
        "artists_version": artists_version,
    }


def _held_out(job: Job, snapshot: Snapshot, asked: Sequence[OwnList], scores: dict[str, Any]) -> dict[str, Any]:
    """Return which lists were asked about, and how the way to rank that is served now does on their hidden halves."""
    held = (part for one in asked for part in (one.name, one.recordings.tobytes()))
    on = digest_of([_PROTOCOL, snapshot.generation, *held])

    def score_served(folder: Path) -> Scored:
        method = (scores_of(job.registry, TASK, folder.name) or {}).get("served")
        row = next((row for row in scores["table"] if row["model"] == method), None)
        return row, "Its way to rank, with the playlists of today." if row else "It ranks in a way that is no more."

    return {"on": on, "before": served_now(job, TASK, on, score_served)}


def _write(job: Job, model: Continuation, trainer: Trainer, neural: Neural, scores: dict[str, Any]) -> dict[str, Any]:
    assert model.playlist_evidence is not None
    version = job.new_version()
    directory = job.place / TASK / version
    written = [
        *model.knowledge.save(directory),
        *model.playlist_evidence.save(directory),
        *trainer.save(neural, directory),
    ]
    written += [directory / "scores.json", directory / "card.md"]
    written[-2].write_text(json.dumps(scores, indent=1) + "\n", encoding="utf-8")
    written[-1].write_text(continuation_card.user_trained(version, scores), encoding="utf-8")
    artefacts.register(TASK, version, written, job.place, activate=False)
    return {"version": version, **scores}
