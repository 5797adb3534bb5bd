"""Trains playlist continuation on the user's playlists and on imported sets, and scores it on the user's.

The rankers are the shipped ones; training builds the index of the lists. The method with the best NDCG on hidden halves
of the user's playlists is served.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ml.artists.model import ArtistEmbedding
from ml.continuation.features import ListIndex
from ml.continuation.interactions import Lists, ranges
from ml.continuation.model import Continuation, ContinuationQuery, Knowledge, PlaylistEvidence
from ml.continuation.train.protocol import MEASURES, described, measures
from ml.continuation.train.sets import Numbers, TrainingList, hashed, set_lists
from ml.jobs import Job
from ml.needs import LISTS as FEWEST_LISTS
from ml.needs import SONGS as FEWEST_SONGS
from ml.needs import TooLittle
from ml.registry import scores_of
from ml.scores import digest_of
from ml.train.background import Scored, served_now
from ml.train.card import render
from ml.train.own_tracks import shown_only
from ml.train.publish import publish
from store.catalogue.catalogue import Snapshot
from store.database import Database
from store.domain import Track
from store.feature_rows import Floats

TASK = "continuation"
MOST_SCORED = 40  # of more playlists only a sample is scored, because each takes about half a second
_PROTOCOL = 3  # to be raised when the queries or their scores change
_SAME = 0.8  # least share of the shorter list's songs in the other list for two lists to be copies


def train_own(job: Job) -> dict[str, Any]:
    """Learn from the owner's and everybody's playlists and imported sets; return the version and all methods' scores.

    With the request's option ``sets`` (true by default) imported sets are learnt from too, at most 200,000 lists.

    Raises TooLittle if fewer than five playlists have ten songs.
    """
    job.say("reading playlists")
    artists = ArtistEmbedding.load(job.registry.active("artists"))
    numbers = Numbers(artists)
    mine = list(user_playlists(job.database, job.owner, numbers))
    scorable = [at for at, playlist in enumerate(mine) if len(np.unique(playlist.recordings)) >= FEWEST_SONGS]
    if len(scorable) < FEWEST_LISTS:
        raise TooLittle(
            f"Only {len(scorable)} playlists here have {FEWEST_SONGS} songs or more.",
            f"Import at least {FEWEST_LISTS}: each is scored with half of it hidden.",
        )
    lists = [*mine, *imported_lists(job, numbers)]
    model = Continuation("user-trained", Knowledge.load(job.registry.active(TASK)), artists, build(lists, len(artists)))
    snapshot = job.catalogue.current(job.owner)
    sampled = sorted(np.random.default_rng(1).permutation(scorable)[:MOST_SCORED].tolist())
    table = compare(model, snapshot, lists, sampled, job)
    scores = _scores(table, len(lists), artists.version)
    held_out = _held_out(job, snapshot, [mine[at] for at in sampled], scores)
    return _write(job, model, scores | held_out)


def user_playlists(database: Database, owner: str | None, numbers: Numbers) -> Iterator[TrainingList]:
    """Yield the playlists of a browser session and the operator's, without those that may only be shown."""
    for playlist in database.playlists(owner):
        if shown_only(playlist.source):
            continue
        items = database.playlist_items(playlist.id, limit=playlist.item_count)
        tracks = database.get_tracks({item.track_id for item in items}, playlist.owner)
        held = [tracks[item.track_id] for item in items if item.track_id in tracks]
        yield training_list(playlist.name, [track for track in held if track.artists], numbers)


def imported_lists(job: Job, numbers: Numbers) -> Iterator[TrainingList]:
    """Yield the lists of the imported sets unless the request's option ``sets`` is false."""
    if (job.request.get("options") or {}).get("sets", True):
        yield from set_lists(job.var / "playlists", numbers)


def training_list(name: str, tracks: Sequence[Track], numbers: Numbers) -> TrainingList:
    """Return a playlist as a list to learn from; each of ``tracks`` has an artist."""
    return TrainingList(
        name=name,
        recordings=np.array([hashed(track.title, track.artists[0]) for track in tracks], np.int64),
        artists=np.array([numbers[track.artists[0]] for track in tracks], np.int64),
        tracks=tracks,
    )


def build(lists: Sequence[TrainingList], artists: int) -> PlaylistEvidence:
    """Return the evidence of ``lists``; ``artists`` is the number of artists in the embedding."""
    recordings = np.unique(np.concatenate([playlist.recordings for playlist in lists]))
    songs = [np.searchsorted(recordings, np.unique(playlist.recordings)).astype(np.int32) for playlist in lists]
    held, names = (playlist.artists for playlist in lists), (playlist.name for playlist in lists)
    index = ListIndex.of(Lists.of(songs, len(recordings)), held, names, artists)
    return PlaylistEvidence(recordings=recordings, index=index)


def copies(lists: Lists, at: int) -> list[int]:
    """Return the numbers of the list ``at`` and of its copies."""
    items = lists.item[lists.start[at] : lists.start[at + 1]]
    entries, _ = ranges(lists.item_start, items)
    shared = np.bincount(lists.list[entries], minlength=len(lists))
    shorter = np.minimum(np.diff(lists.start), len(items))
    same = shared >= _SAME * np.maximum(1, shorter)
    same[at] = True
    return np.flatnonzero(same).tolist()


def compare(
    model: Continuation, snapshot: Snapshot, lists: Sequence[TrainingList], scored: Sequence[int], job: Job
) -> dict[str, Floats]:
    """Return the measures (scored playlists, 3) of every method.

    Half of each playlist in ``scored`` (numbers in ``lists``) is hidden, and the index ignores the playlist and its
    copies.
    """
    assert model.playlist_evidence is not None
    rng = np.random.default_rng(1)
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for done, at in enumerate(scored):
        job.say("scoring on held-out halves", done, len(scored))
        tracks = [lists[at].tracks[i] for i in rng.permutation(len(lists[at].tracks))]
        half = len(tracks) // 2
        hashes = [hashed(track.title, track.artists[0]) for track in tracks]
        seeds, rest = set(hashes[:half]), set(hashes[half:])
        if hidden := rest - seeds:
            same = copies(model.playlist_evidence.index.songs, at)
            query = ContinuationQuery(tracks=tracks[:half], name=lists[at].name, muted=same)
            for method, ranked in model.compared(snapshot, query).items():
                found[method].append(measures(ranked, np.array(sorted(hidden), np.int64)))
    return {method: np.array(rows) for method, rows in found.items()}


def _scores(table: Mapping[str, Floats], lists: int, artists_version: str) -> dict[str, Any]:
    """Return the content of ``scores.json``: the means, and the served method, the best one by NDCG."""
    means = {method: rows.mean(axis=0).tolist() for method, rows in table.items()}
    served = max(means, key=lambda method: means[method][1])
    rows = ({"model": method} | dict(zip(MEASURES, means[method], strict=True)) for method in means)
    count = len(table[served])
    return {
        "split": f"half of each of {count} own playlists hidden, without its copies; {lists} lists learnt",
        "served": served,
        "artists_version": artists_version,
        **described(rows, served, count),
    }


def _held_out(
    job: Job, snapshot: Snapshot, playlists: Sequence[TrainingList], scores: dict[str, Any]
) -> dict[str, Any]:
    """Return a digest of the scored ``playlists``, and the score of the currently served method on them."""
    held = (part for playlist in playlists for part in (playlist.name, playlist.recordings.tobytes()))
    on = digest_of([_PROTOCOL, snapshot.generation, *held])

    def score_served(folder: Path) -> Scored:
        method = (scores_of(job.registry, TASK, folder.name) or {}).get("served")
        row = next((row for row in scores["table"] if row["model"] == method), None)
        return row, "Its method, with the playlists of today." if row else "Its method no longer exists."

    return {"on": on, "before": served_now(job, TASK, on, score_served)}


def _write(job: Job, model: Continuation, scores: dict[str, Any]) -> dict[str, Any]:
    assert model.playlist_evidence is not None
    version = job.new_version()
    directory = job.models / TASK / version
    written = [*model.knowledge.save(directory), *model.playlist_evidence.save(directory)]
    card = render(Path(__file__).with_name("user_trained_card.md.j2"), version=version, scores=scores)
    publish(directory, written, card, activate=False, **scores)
    return {"version": version, **scores}
