"""Playlist continuation: rank the tracks of the catalogue for a playlist.

The shipped version uses artists, words, genres and sound; a user-trained version also uses the lists it was trained on.
The method that serves is the one that did best on held-out playlists (``scores.json``).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from ml.artefacts import verified, verified_json
from ml.artist_cap import ArtistCap
from ml.artists.model import ArtistEmbedding, UnitRows
from ml.continuation.features import (
    CONTENT,
    EVIDENCE,
    LIST_SCORES,
    Artists,
    Background,
    Columns,
    ListIndex,
    NameWords,
    Profile,
    Seeds,
    SegmentColumns,
    evidence_columns,
    title_words,
    top,
    words,
)
from ml.continuation.fitting import fits
from ml.continuation.interactions import Ints, Lists
from ml.continuation.reasons import Reasons
from ml.guards import caught
from ml.neighbours.model import UNKNOWN_POPULARITY, Neighbours
from ml.sound import coordinates
from ml.trees import Trees
from store.catalogue.catalogue import Ref, Segment, Snapshot
from store.catalogue.segment import composition_hash, recording_hash
from store.catalogue.versions import refused_kinds
from store.domain import Track
from store.feature_rows import Floats, feature_rows
from store.text import normalise, recording_key

# The number of candidates by each score, per segment when served.
CHOSEN = {"content": 1200, "user_knn": 700, "item_knn": 400, "name_knn": 300, "like_lists": 500}
METHODS = ("popularity", "item-knn", "user-knn", "content", "playlists")
NEEDS_LISTS = {"item-knn", "user-knn", "playlists"}
# The columns of each ranker.
RANKED_BY = {"content": CONTENT, "playlists": CONTENT + EVIDENCE}
MAX_LIMIT = 100
# For each track wanted, novelty reorders this many of the best tracks.
_NOVELTY_DEPTH = 10
# A track of another artist moves up by at most _NEAR - 1 places, so that no two of one artist are in a row. On `valid`
# no more are needed at the usual cap, and the NDCG of the first twenty stays.
_NEAR = 3
_NO_GUARDS: Mapping[str, bool] = {}
# Returns the (n,) mask of the tracks of a segment that may be chosen.
Among = Callable[[Segment], npt.NDArray[np.bool_]]
MOST_SEEDS = 500  # of a longer playlist only the last songs are used


@dataclass(frozen=True, slots=True)
class Next:
    """A track that may come next, its ``score`` (0 to 1), and the ``reason``, which names songs that it goes with.

    ``fits`` is as :func:`ml.continuation.fitting.fits` says.
    """

    ref: Ref
    score: float
    reason: str
    fits: bool | None = None


@dataclass(frozen=True, kw_only=True)
class PlaylistEvidence:
    """The lists of a user-trained version.

    ``recordings`` (n,) are sorted hashes (:func:`~store.catalogue.segment.recording_hash`); ``index.songs`` numbers
    recordings by their position here.
    """

    recordings: npt.NDArray[np.int64]
    index: ListIndex

    def numbers(self, hashes: npt.NDArray[np.int64]) -> Ints:
        """Return the number (m,) of each recording by its hash, -1 for those in no list."""
        if not len(self.recordings):
            return np.full(len(hashes), -1)
        at = np.minimum(np.searchsorted(self.recordings, hashes), len(self.recordings) - 1)
        return np.where(self.recordings[at] == hashes, at, -1)

    def save(self, directory: Path) -> list[Path]:
        """Write ``lists.npz`` and ``lists.json``."""
        arrays = {
            f"{name}_{part}": getattr(lists, part)
            for name, lists in (("songs", self.index.songs), ("artists", self.index.artists))
            for part in ("start", "item", "share")
        }
        np.savez_compressed(
            directory / "lists.npz",
            recordings=self.recordings,
            artist_count=np.array(len(self.index.artists.count)),
            **arrays,
        )
        held = {word: lists.tolist() for word, lists in self.index.word_lists.items()}
        (directory / "lists.json").write_text(json.dumps(held, ensure_ascii=False), encoding="utf-8")
        return [directory / "lists.npz", directory / "lists.json"]

    @classmethod
    def load(cls, directory: Path) -> PlaylistEvidence:
        """Read what :meth:`save` wrote."""
        with np.load(verified(directory / "lists.npz"), allow_pickle=False) as stored:
            sizes = {"songs": len(stored["recordings"]), "artists": int(stored["artist_count"])}
            lists = {
                name: Lists(stored[f"{name}_start"], stored[f"{name}_item"], stored[f"{name}_share"], size)
                for name, size in sizes.items()
            }
            recordings = stored["recordings"]
        held = verified_json(directory / "lists.json")
        word_lists = {word: np.array(numbers, np.int64) for word, numbers in held.items()}
        return cls(recordings=recordings, index=ListIndex(**lists, word_lists=word_lists))


@dataclass(frozen=True, kw_only=True)
class Knowledge:
    """The shipped model: rankers by kind, statistics of all recordings, and the words of playlist names.

    ``names`` holds vectors of the version ``artists_version`` of the artist embedding.
    """

    rankers: Mapping[str, Trees]
    background: Background
    names: NameWords
    artists_version: str

    def save(self, directory: Path) -> list[Path]:
        """Write the files that :meth:`load` reads, and return them."""
        directory.mkdir(parents=True, exist_ok=True)
        written = [directory / f"ranker-{kind}.npz" for kind in self.rankers]
        for path, trees in zip(written, self.rankers.values(), strict=True):
            trees.save(path)
        described = {
            "artists_version": self.artists_version,
            "rankers": list(self.rankers),
            "sound_mean": self.background.sound_mean.tolist(),
            "sound_variance": self.background.sound_variance.tolist(),
            "rarity": {word: round(value, 3) for word, value in self.background.rarity.items()},
            "rare": self.background.rare,
            "name_words": list(self.names.index),
        }
        description, names = directory / "continuation.json", directory / "names.npz"
        description.write_text(json.dumps(described, ensure_ascii=False) + "\n", encoding="utf-8")
        np.savez_compressed(
            names,
            groups=self.names.groups.astype(np.int32),
            place=self.names.place.astype(np.float32),
            sound=self.names.sound.astype(np.float32),
        )
        return [*written, description, names]

    @classmethod
    def load(cls, directory: Path) -> Knowledge:
        """Read what :meth:`save` wrote; raises ml.artefacts.ArtefactError if a file is absent or changed."""
        described = verified_json(directory / "continuation.json")
        word_rows = {word: row for row, word in enumerate(described["name_words"])}
        with np.load(verified(directory / "names.npz"), allow_pickle=False) as stored:
            names = NameWords(word_rows, stored["groups"], stored["place"], stored["sound"])
        return cls(
            rankers={kind: Trees.load(verified(directory / f"ranker-{kind}.npz")) for kind in described["rankers"]},
            background=Background(
                sound_mean=np.array(described["sound_mean"]),
                sound_variance=np.array(described["sound_variance"]),
                rarity=described["rarity"],
                rare=described["rare"],
            ),
            names=names,
            artists_version=described["artists_version"],
        )


@dataclass(kw_only=True)
class _SegmentPool:
    """The columns of a segment, and the number of each track's recording in the lists or -1, computed once."""

    directory: Path
    columns: SegmentColumns
    listed: Ints


@dataclass(frozen=True, slots=True)
class _QueryEvidence:
    """The scores of one query by the training lists, and the index of the lists used."""

    index: ListIndex
    list_scores: Mapping[str, Floats]


@dataclass(frozen=True, kw_only=True)
class ContinuationQuery:
    """A playlist to continue: its tracks in order, its name, and the training lists to ignore (``muted``)."""

    tracks: Sequence[Track]
    name: str = ""
    muted: Sequence[int] = ()


class Continuation:
    """Ranks the catalogue for a playlist; thread-safe."""

    def __init__(
        self,
        version: str,
        knowledge: Knowledge,
        artists: ArtistEmbedding,
        playlist_evidence: PlaylistEvidence | None = None,
        scores: Mapping[str, Any] | None = None,
        neighbours: Neighbours | None = None,
    ) -> None:
        self._neighbours = neighbours or Neighbours(artists)
        self.version, self.knowledge, self.artists = version, knowledge, artists
        self.playlist_evidence = playlist_evidence
        self.scores = dict(scores or {})
        self.method = str(self.scores.get("served", "content"))
        self.artist_table = Artists(
            places=UnitRows(artists.vectors),
            prior=np.asarray(artists.prior, np.float32),
            genres=artists.arrays["genres"],
        )
        self.background = knowledge.background
        self._pools: dict[str, _SegmentPool] = {}
        self._lock = Lock()

    @classmethod
    def load(cls, directory: Path, artists: ArtistEmbedding, neighbours: Neighbours | None = None) -> Continuation:
        """Read a version, shipped or user-trained; it shares what ``neighbours`` have computed of the catalogue.

        A user-trained version for an older artist embedding is served by content only.

        Raises ml.artefacts.ArtefactError if a file is absent, unlisted or not the one that was written.
        """
        scores = verified_json(directory / "scores.json")
        same_artists = scores.get("artists_version") == artists.version
        has_lists = same_artists and (directory / "lists.npz").exists()
        playlist_evidence = PlaylistEvidence.load(directory) if has_lists else None
        if playlist_evidence is None and scores.get("served") in NEEDS_LISTS:
            scores = {**scores, "served": "content", "served_score": None}
        return cls(directory.name, Knowledge.load(directory), artists, playlist_evidence, scores, neighbours)

    def methods(self) -> list[str]:
        """Return the methods of :data:`METHODS` that this version has the data for."""
        absent = {kind for kind in RANKED_BY if kind not in self.knowledge.rankers}
        return [
            method
            for method in METHODS
            if method not in absent and (self.playlist_evidence or method not in NEEDS_LISTS)
        ]

    def next(
        self,
        snapshot: Snapshot,
        query: ContinuationQuery,
        *,
        limit: int = 20,
        exclude: Collection[str] = (),
        artist_cap: int = 3,
        guards: Mapping[str, bool] = _NO_GUARDS,
        novelty: float = 0.0,
        among: Among | None = None,
    ) -> list[Next]:
        """Return at most ``limit`` tracks that may come next, best first, each with the reason.

        Tracks that fit come before those that do not. Of either, two tracks of one artist are not in a row where one of
        the next two is by another artist.
        Left out are recordings of the playlist, second versions of a composition, ids in ``exclude``, more than
        ``artist_cap`` tracks of one first artist, karaoke and the like where the playlist has none
        (:func:`store.catalogue.versions.refused_kinds`), and what ``guards`` (:data:`ml.guards.GUARDS`) refuse.
        ``novelty``, 0 to 1, favours unpopular tracks: at 1 it counts as much as the rank. ``among`` selects the tracks
        of a segment that are ranked at all. Empty when neither a seed's artist nor its sound nor a word of the name is
        known.

        Raises ValueError if ``limit`` is not within 1 to 100.
        """
        if not 1 <= limit <= MAX_LIMIT:
            raise ValueError(f"limit {limit} is not 1 to {MAX_LIMIT}")
        profile = self._profile(query)
        reasons = Reasons(query.tracks[-MOST_SEEDS:], profile.seeds.columns, self.artists, self.artist_table)
        ranked = self._ranked(snapshot, query, profile, self.method, among)
        filtered = picked(
            snapshot,
            ranked,
            query.tracks,
            limit=limit,
            exclude=exclude,
            artist_cap=artist_cap,
            guards=guards,
            novelty=novelty,
        )
        suggested = [(fits(self.method, score), ref, score, track) for ref, score, track in filtered]
        return [
            Next(ref, score, reasons.of(track, self._artist(track)), which)
            for which in (True, None, False)
            for ref, score, track in _apart(found[1:] for found in suggested if found[0] is which)
        ]

    def ranked(
        self, snapshot: Snapshot, query: ContinuationQuery, method: str | None = None
    ) -> list[tuple[Ref, float]]:
        """Return (track, score) of the candidates, best first; scores are 0 to 1.

        ``method`` is one of :data:`METHODS`, by default the served one. There is one track per recording, and none of
        the playlist's recordings.
        """
        return self._ranked(snapshot, query, self._profile(query), method or self.method)

    def _ranked(
        self,
        snapshot: Snapshot,
        query: ContinuationQuery,
        profile: Profile,
        method: str,
        among: Among | None = None,
    ) -> list[tuple[Ref, float]]:
        refs, codes, table = self._table(snapshot, query, profile, among)
        if not refs:
            return []
        scores = self._decide(method, table)
        return [(refs[at], float(scores[at])) for at in _order(scores, codes).tolist()]

    def compared(self, snapshot: Snapshot, query: ContinuationQuery) -> dict[str, npt.NDArray[np.int64]]:
        """Return the hashes of the recordings by each of :meth:`methods`, best first."""
        refs, codes, table = self._table(snapshot, query, self._profile(query))
        if not refs:
            return dict.fromkeys(self.methods(), codes)
        return {method: codes[_order(self._decide(method, table), codes)] for method in self.methods()}

    def _table(
        self, snapshot: Snapshot, query: ContinuationQuery, profile: Profile, among: Among | None = None
    ) -> tuple[list[Ref], npt.NDArray[np.int64], dict[str, Floats]]:
        """Return the candidates, their recordings, and their columns."""
        evidence = self._evidence(query, profile)
        taken = np.array([_recording(track) for track in query.tracks], np.int64)
        refs: list[Ref] = []
        tables, codes = [], [np.empty(0, np.int64)]
        for segment in snapshot.segments:
            rows, table = self._candidates(
                segment, self._pool(segment), profile, evidence, taken, among(segment) if among else None
            )
            refs += [Ref(segment.name, row) for row in rows.tolist()]
            codes.append(segment.recording_code[rows])
            tables.append(table)
        whole = {name: np.concatenate([table[name] for table in tables]) for name in (tables[0] if tables else ())}
        return refs, np.concatenate(codes), whole

    def _decide(self, method: str, table: Mapping[str, Floats]) -> Floats:
        plain = {"popularity": "popularity", "item-knn": "item_knn", "user-knn": "user_knn"}
        if method in plain:
            return np.asarray(table[plain[method]], float)
        columns = np.column_stack([table[name] for name in RANKED_BY[method]]).astype(np.float32)
        return 1.0 / (1.0 + np.exp(-self.knowledge.rankers[method].decide(columns)))

    def _profile(self, query: ContinuationQuery) -> Profile:
        seeds = query.tracks[-MOST_SEEDS:]
        numbers = [self._artist(track) for track in seeds]
        columns = Columns(
            artist=np.array(numbers, np.int64),
            popularity=np.array([np.nan if t.popularity is None else t.popularity for t in seeds], np.float32),
            sound=coordinates(feature_rows(track.features for track in seeds)),
        )
        name_words = frozenset(words(query.name))
        # The hints are vectors of one version of the artists: they mean nothing in another one.
        same = self.knowledge.artists_version == self.artists.version
        return Profile(
            Seeds(
                columns=columns,
                albums=[_album(track) for track in seeds],
                titles=[title_words(track.title) for track in seeds],
                name_words=name_words,
                hint=self.knowledge.names.hint(sorted(name_words)) if same else None,
            ),
            self.background,
            self.artist_table,
        )

    def _artist(self, track: Track) -> int:
        found = self.artists.find_exact(track.artists[0]) if track.artists else None
        return -1 if found is None else found

    def _evidence(self, query: ContinuationQuery, profile: Profile) -> _QueryEvidence | None:
        if self.playlist_evidence is None:
            return None
        index = self.playlist_evidence.index
        if len(query.muted):
            index = index.muting(np.array(query.muted))
        seeds, columns = query.tracks[-MOST_SEEDS:], profile.seeds.columns
        listed = self.playlist_evidence.numbers(np.array([_recording(track) for track in seeds], np.int64))
        numbers = np.array(list(dict.fromkeys(listed[listed >= 0].tolist())), np.int64)
        artists, counts = np.unique(columns.artist[columns.artist >= 0], return_counts=True)
        list_scores = index.scores_for(numbers, artists, np.sqrt(counts), profile.seeds.name_words)
        return _QueryEvidence(index, list_scores)

    def _candidates(
        self,
        segment: Segment,
        pool: _SegmentPool,
        profile: Profile,
        evidence: _QueryEvidence | None,
        taken: npt.NDArray[np.int64],
        among: npt.NDArray[np.bool_] | None,
    ) -> tuple[Ints, dict[str, Floats]]:
        chosen = [profile.choose(pool.columns, CHOSEN["content"], among)]
        if evidence is not None:
            listed = np.flatnonzero(pool.listed >= 0 if among is None else (pool.listed >= 0) & among)
            for name in LIST_SCORES:
                values = evidence.list_scores[name][pool.listed[listed]]
                chosen.append(listed[top(values, min(CHOSEN[name], int((values > 0).sum())))])
        rows = np.unique(np.concatenate(chosen))
        rows = rows[~np.isin(segment.recording_code[rows], taken)]
        candidates = pool.columns.take(rows)
        found = profile.columns(candidates)
        # A candidate can only share an album with a seed if they share the artist: other albums are not read.
        same = np.isin(candidates.artist, profile.seeds.columns.artist).tolist()
        albums = [_album_at(segment, row) if mine else None for row, mine in zip(rows.tolist(), same, strict=True)]
        profile.finish(found, candidates, albums, [segment.names(row)[0].split() for row in rows.tolist()])
        if evidence is not None:
            counts = evidence.index.songs.count
            found |= evidence_columns(evidence.list_scores, counts, pool.listed[rows], candidates.artist)
        return rows, found

    def _pool(self, segment: Segment) -> _SegmentPool:
        with self._lock:
            known = self._pools.get(segment.name)
            if known is None or known.directory != segment.directory:
                evidence = self.playlist_evidence
                known = self._pools[segment.name] = _SegmentPool(
                    directory=segment.directory,
                    columns=SegmentColumns(
                        artist=self._neighbours.artist_rows(segment),
                        popularity=segment.popularity,
                        index=self._neighbours.sound(segment),
                    ),
                    listed=evidence.numbers(segment.recording_code) if evidence else np.full(len(segment), -1),
                )
            return known


def picked(
    snapshot: Snapshot,
    ranked: Sequence[tuple[Ref, float]],
    tracks: Sequence[Track] = (),
    *,
    limit: int,
    exclude: Collection[str] = (),
    artist_cap: int = 3,
    guards: Mapping[str, bool] = _NO_GUARDS,
    novelty: float = 0.0,
) -> Iterator[tuple[Ref, float, Track]]:
    """Yield at most ``limit`` of ``ranked``, filtered as :meth:`Continuation.next` describes."""
    cap = ArtistCap(artist_cap)
    excluded = set(exclude) | {track.id for track in tracks}
    compositions = set(map(composition_hash, tracks))
    refused = refused_kinds((track.title, track.artists) for track in tracks) if tracks else 0
    for ref, score in _less_known_first(snapshot, ranked[: _NOVELTY_DEPTH * limit], novelty) if novelty else ranked:
        segment = snapshot.segment(ref.segment)
        composition = int(segment.composition_code[ref.row])
        if composition in compositions or segment.kinds[ref.row] & refused:
            continue
        track = snapshot.track(ref)
        artist = normalise(track.first_artist)
        if track.id in excluded or not cap.allows(artist) or caught(track, guards):
            continue
        cap.add(artist)
        compositions.add(composition)
        yield ref, score, track
        limit -= 1
        if not limit:
            return


def _apart(found: Iterable[tuple[Ref, float, Track]]) -> Iterator[tuple[Ref, float, Track]]:
    """Yield the tracks of a list, best first, but after a track one by another artist if one is near enough."""
    waiting, last = list(found), ""
    while waiting:
        artists = [normalise(track.first_artist) for _, _, track in waiting[:_NEAR]]
        at = next((at for at, artist in enumerate(artists) if artist != last or not artist), 0)
        last = artists[at]
        yield waiting.pop(at)


def _less_known_first(
    snapshot: Snapshot, ranked: Sequence[tuple[Ref, float]], novelty: float
) -> list[tuple[Ref, float]]:
    """Order ranked tracks by their rank and by unpopularity, whose weight is half of ``novelty``."""
    popularity = np.array([snapshot.segment(ref.segment).popularity[ref.row] for ref, _ in ranked], np.float64) / 100
    fits = 1 - np.arange(len(ranked)) / max(len(ranked), 1)
    worth = (1 - novelty / 2) * fits + novelty / 2 * (1 - np.nan_to_num(popularity, nan=UNKNOWN_POPULARITY))
    return [ranked[at] for at in np.argsort(-worth, kind="stable").tolist()]


def _order(scores: Floats, codes: npt.NDArray[np.int64]) -> Ints:
    """Return the positions of the best candidate of each recording, the highest score first."""
    order = np.argsort(-scores, kind="stable")
    _, first = np.unique(codes[order], return_index=True)
    return np.asarray(order[np.sort(first)])


def _album(track: Track) -> tuple[str, str] | None:
    return (normalise(track.album), normalise(track.artists[0])) if track.album and track.artists else None


def _album_at(segment: Segment, row: int) -> tuple[str, str] | None:
    album = segment.album(row)
    return (normalise(album), segment.artist_keys[segment.artist_code[row]]) if album else None


def _recording(track: Track) -> int:
    return recording_hash(recording_key(track.title, track.first_artist))
