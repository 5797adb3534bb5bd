"""A heap of tracks to sort into a person's playlists: proposals with confidence and reasons, as decisions are made."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.artists.model import top
from ml.sound import squared_distances
from ml.triage.evidence import EVIDENCE, Evidence, TrackFacts, TrackReader
from ml.triage.model import Triage, none_evidence
from store.domain import Track
from store.feature_rows import Floats
from store.text import normalise

# Bounds from which a reason is shown: cosine of artists, log of how much likelier the genres are, squared spreads.
_ALIKE_ARTISTS, _MUCH_LIKELIER, _ALIKE_SOUND = 0.5, 0.3, 0.3
_NAMED = 2
Rows = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Standing:
    """The decisions so far, with the members of the playlists.

    Attributes
    ----------
    members : mapping of str to sequence of str
        Track ids by playlist id.
    refused : mapping of str to collection of str
        Ids of the tracks refused for a playlist, by playlist id.
    decided_none, decided_some : int
        The numbers of the heap's tracks that were put into none of the playlists, and into one.
    """

    members: Mapping[str, Sequence[str]]
    refused: Mapping[str, Collection[str]]
    decided_none: int
    decided_some: int


class Heap:
    """Tracks to be sorted into playlists.

    Parameters
    ----------
    tracks
        The heap.
    playlists
        The tracks by playlist id, before anything is sorted into the playlists.
    """

    def __init__(
        self, model: Triage, reader: TrackReader, tracks: Sequence[Track], playlists: Mapping[str, Sequence[Track]]
    ) -> None:
        self._model, self._reader = model, reader
        self.ids = [track.id for track in tracks]
        every = {track.id: track for group in (tracks, *playlists.values()) for track in group}
        self._tracks = every
        self._facts = reader.read(list(every.values()))
        self._row = {track_id: row for row, track_id in enumerate(every)}
        self._at = {track_id: at for at, track_id in enumerate(self.ids)}
        self._heap = self._of(self.ids)
        self._evidence = Evidence(self._of([track.id for playlist in playlists.values() for track in playlist]))
        self._columns: dict[str, tuple[int, Floats]] = {}

    def _of(self, ids: Collection[str]) -> TrackFacts:
        return self._facts.of([self._row[track_id] for track_id in ids])

    def _rows(self, playlist: str, members: Sequence[str], refused: Collection[str]) -> Floats:
        """Return (heap, :data:`EVIDENCE`), computed again only when a playlist has changed."""
        key = hash((tuple(members), tuple(sorted(refused))))
        if self._columns.get(playlist, (None,))[0] != key:
            rows = self._evidence.rows(self._heap, self._of(members), self._of(refused)).astype(np.float32)
            self._columns[playlist] = key, rows
        return self._columns[playlist][1]

    def _stack(self, standing: Standing) -> Floats:
        return np.stack(
            [
                self._rows(playlist, members, standing.refused.get(playlist, ()))
                for playlist, members in standing.members.items()
            ],
            axis=1,
        )

    def odds(self, standing: Standing) -> npt.NDArray[np.floating]:
        """Return (heap, playlists + 1) probabilities, the last column for none of them; rows sum to 1."""
        ruled_out = np.zeros((len(self.ids), len(standing.members)), bool)
        for column, playlist in enumerate(standing.members):
            rows = [self._at[track_id] for track_id in standing.refused.get(playlist, ())]
            ruled_out[rows, column] = True
        none = none_evidence(len(standing.members), standing.decided_none, standing.decided_some)
        return self._model.predict(self._stack(standing), none, ruled_out)

    def reasons(self, standing: Standing, track_id: str, playlist: str) -> tuple[str, ...]:
        """Return the reasons for a track in a playlist, in words; empty if no single one is strong enough."""
        at, members = self._at[track_id], standing.members[playlist]
        row = dict(zip(EVIDENCE, self._rows(playlist, members, standing.refused.get(playlist, ()))[at], strict=True))
        facts = self._of(members)
        found = [
            self._same_artist(track_id, facts, row),
            self._like_artists(at, members, facts, row),
            self._genre(at, facts, row),
            self._sounds_like(at, members, facts),
        ]
        return tuple(reason for reason in found if reason)

    def _same_artist(self, track_id: str, facts: TrackFacts, row: Rows) -> str:
        count = round(float(np.expm1(row["same_artist"])))
        if not count:
            return ""
        artist = next(name for name in self._tracks[track_id].artists if facts.artist_counts[normalise(name)] == count)
        album = ", of this album too" if row["same_album"] else ""
        return f"{count} {'song' if count == 1 else 'songs'} of {artist} {'is' if count == 1 else 'are'} there{album}"

    def _like_artists(self, at: int, members: Sequence[str], facts: TrackFacts, row: Rows) -> str:
        if row["same_artist"]:
            return ""
        cosines = facts.place @ self._heap.place[at]
        names: dict[str, None] = {}
        for place in top(cosines, len(cosines)):
            if cosines[place] < _ALIKE_ARTISTS or len(names) == _NAMED:
                break
            names.update(dict.fromkeys(self._tracks[members[place]].artists[:1]))
        return f"Like {' and '.join(names)}, who {'is' if len(names) == 1 else 'are'} there" if names else ""

    def _genre(self, at: int, facts: TrackFacts, row: Rows) -> str:
        if row["genre"] < _MUCH_LIKELIER:
            return ""
        shared = self._heap.genre[at] * facts.genre.mean(axis=0)
        return f"{self._reader.genre.genres[int(shared.argmax())]}, like much of it".capitalize()

    def _sounds_like(self, at: int, members: Sequence[str], facts: TrackFacts) -> str:
        distances = squared_distances(facts.sound, self._heap.sound[at])
        if np.isnan(distances).all():
            return ""
        nearest = int(np.nanargmin(distances))
        return f"Sounds like {self._tracks[members[nearest]].title}" if distances[nearest] < _ALIKE_SOUND else ""
