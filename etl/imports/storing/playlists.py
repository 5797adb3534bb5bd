"""Stores the playlists of one file, page by page."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from typing import Any

from etl.imports.reading.encodings import UNICODE
from etl.imports.rows.entries import Begin, PlaylistFile, Row, playlist_name, too_many_rows
from etl.lookup.name_matching import NameMatching
from store.audio.files import audio_files
from store.database import PAGE_ITEMS, Database
from store.domain import MAX_PEOPLE, MAX_PERSON_ID, Playlist, PlaylistItem, Track, is_unnamed, playlist_id
from store.facts import track_with_id
from store.runs import MOST_EXAMPLES, ImportProblem, Progress, Run, Skipped

# How many rows with two readings are looked up in the catalogue; most of them decide for rows that it does not know.
_SAMPLE = 200
_PHASE = "storing the tracks"
Report = Callable[..., None]


class PlaylistImport:
    """Stores the playlists of one file, starting from the cursor of the ``run``."""

    def __init__(
        self,
        database: Database,
        run: Run,
        file: PlaylistFile,
        report: Report,
        matching: NameMatching,
    ) -> None:
        self.database = database
        self.run_at_start = run
        self.file = file
        self.report = report
        self.matching = matching
        cursor = run.cursor
        self.rows: int = cursor["rows"]
        self.number: int = cursor.get("playlist", 0)
        self.items: int = cursor["items"]
        self.contributors = Counter(dict(cursor["contributors"]))
        self.ids: list[str] = list(run.playlist_ids)
        self.requested, self.stored, self.known = run.requested, run.stored, run.known
        self.skipped = Counter(run.skipped)
        self.examples = list(run.skipped_examples)
        self.unread = Counter(run.unread)
        self.playlist: Playlist | None = None
        self.page: list[Row] = []
        self.bytes_read = run.bytes_done  # nothing may be left to read after a kill
        self._others: bool | None = None
        self._files: dict[str, str] | None = None

    def run(self) -> None:
        """Store the playlists; one without a track is left out.

        Raises ImportProblem if no row holds a track (``no_tracks``); a playlist was deleted meanwhile (``deleted``).
        """
        kind, columns, notes = self.run_at_start.kind or "playlist", self.file.columns, self.file.notes
        self.database.update_run(self.run_at_start.id, kind=kind, phase=_PHASE, columns=columns, notes=notes)
        rows_before, current = self.rows, -1
        seen = 0
        for entry in self.file.read(self.file.kind, self.run_at_start.started_at, self._watch):
            if isinstance(entry, Begin):
                current += 1
                if current >= self.number:
                    self._begin(current, entry)
                continue
            seen += 1
            if seen > rows_before:
                self._take(seen, entry)
        self._complete()
        if not self.ids:
            raise ImportProblem(
                "no_tracks",
                f"None of the {self.requested} rows of {self.run_at_start.name} holds a track.",
                "See which rows were skipped and why.",
            )

    @property
    def _source(self) -> str:
        return f"{self.file.kind}: {self.run_at_start.name}"

    def _begin(self, number: int, begin: Begin) -> None:
        if number > self.number:
            self._complete()
            self.number, self.items, self.contributors = number, 0, Counter()
        id_here = playlist_id(self.run_at_start.owner, self.file.sha256, number)
        before = self.database.playlist(id_here)
        self.playlist = Playlist(
            id=id_here,
            name=begin.name or playlist_name(self.run_at_start.name),
            owner=self.run_at_start.owner,
            source=self._source,
            people={} if before else begin.people,
            made_for=begin.made_for,
            created_at=before.created_at if before else self.run_at_start.started_at,
        )

    def _announce(self, playlist: Playlist) -> None:
        """Add the playlist to the run, so that a failure can delete it, and then store it.

        The playlist of an earlier import of the same file stays unchanged until all rows are stored again.
        """
        if playlist.id not in self.ids:
            self.ids.append(playlist.id)
            self.database.update_run(self.run_at_start.id, playlist_ids=self.ids)
        if self.database.playlist(playlist.id) is None:
            self.database.put_playlist(playlist)

    def _complete(self) -> None:
        """Store the rest of the current playlist and mark it as complete."""
        self._flush()
        self._check_rows()
        if self.playlist is None or not self.items:
            return
        before = self.database.playlist(self.playlist.id)
        if before is None:
            raise self._deleted()
        # A list at a service may have been longer at its last import.
        self.database.cut_playlist(self.playlist.id, self.items, before.item_count)
        self.database.put_playlist(
            replace(self.playlist, item_count=self.items, contributors=dict(self.contributors), complete=True)
        )

    def _take(self, number: int, row: Row) -> None:
        self._count(row)
        self.rows = number
        if len(self.page) == PAGE_ITEMS:
            self._flush()
            self._check_rows()

    def _check_rows(self) -> None:
        most = self.run_at_start.most_rows
        if most is not None and self.stored + self.known > most:
            raise too_many_rows(most)

    def _count(self, row: Row) -> None:
        self.requested += row.times
        self.unread.update(dict(row.unread))
        if row.track is None:
            self.skipped[row.reason] += row.times
            if len(self.examples) < MOST_EXAMPLES:
                self.examples.append(Skipped(line=row.line, reason=row.reason))
            return
        row = self._of_known_person(row)
        self.page.append(self._named(self._decided(row)))
        if row.added_by:
            self.contributors[row.added_by] += 1

    def _of_known_person(self, row: Row) -> Row:
        """Return a row without its person, and count that, where the playlist has too many people already."""
        person = (row.added_by or "")[:MAX_PERSON_ID] or None
        if person and person not in self.contributors and len(self.contributors) >= MAX_PEOPLE:
            self.unread[f"added by, beyond {MAX_PEOPLE} people"] += 1
            person = None
        return row if person == row.added_by else replace(row, added_by=person)

    def _decided(self, row: Row) -> Row:
        """Return a row in the reading that the catalogue knows, else in the reading of most rows of the file."""
        if row.track is None or row.other is None:
            return row
        known = self.matching.has(row.other) - self.matching.has(row.track)
        if known > 0 or (known == 0 and self._others_prevail()):
            return replace(row, track=row.other, other=None)
        return row

    def _named(self, row: Row) -> Row:
        """Return a row that has only an id, or a path of a scanned file, with the track that has it here."""
        if row.file and (of_file := self._track_of_file(row.file)) is not None:
            return replace(row, track=of_file)
        if row.track is None or not is_unnamed(row.track.title):
            return row
        owner = self.run_at_start.owner
        known = self.matching.by_id(row.track.id) or self.database.get_track(row.track.id, owner)
        for namespace, id_ in {"isrc": row.track.isrc, **row.track.ids}.items():
            known = known or (track_with_id(self.database, namespace, id_, owner) if id_ else None)
        return replace(row, track=known) if known else row

    def _track_of_file(self, file: str) -> Track | None:
        """Return the track of a scanned file, found by its whole path; only for lists of the operator."""
        if self.run_at_start.owner is not None and not self.run_at_start.by_operator:
            return None
        if self._files is None:
            self._files = {
                f"{known.root}/{known.path}": known.track_id
                for known in audio_files(self.database)
                if known.track_id and not known.gone
            }
        track_id = self._files.get(file)
        return self.database.get_track(track_id) if track_id else None

    def _others_prevail(self) -> bool:
        if self._others is None:
            entries = self.file.read(self.file.kind, self.run_at_start.started_at, None)
            readings = ((row.track, row.other) for row in entries if isinstance(row, Row) and row.other)
            votes = (self.matching.has(b) - self.matching.has(a) for a, b in islice(readings, _SAMPLE) if a and b)
            self._others = sum(votes) > 0
        return self._others

    def _flush(self) -> None:
        """Store the page, then move the cursor."""
        if self.page:
            assert self.playlist is not None
            if not self.items:
                self._announce(self.playlist)
            number = self.items // PAGE_ITEMS
            stored = self._put_tracks(f"{self.run_at_start.id}:{self.number}:{number}")
            items = [self._item(at, row) for at, row in enumerate(self.page)]
            self.database.put_page(self.playlist.id, number, items)
            self.stored += stored
            self.known += len(self.page) - stored
            self.items += len(self.page)
            self.page = []
            if not self.database.grow_playlist(self.playlist.id, self.items):
                raise self._deleted()
        self.database.update_run(self.run_at_start.id, **self._state())
        self.report(self._progress(), recorded=True)

    def _put_tracks(self, brought_by: str) -> int:
        first: dict[str, Track] = {}
        further: dict[str, Track] = {}
        for row in self.page:
            assert row.track is not None
            track = replace(self.matching.completed(row.track), doubtful=self._is_guessed)
            if first.setdefault(track.id, track) != track:
                further[track.id] = track
        owner = self.run_at_start.owner
        stored, _ = self.database.put_tracks(list(first.values()), brought_by, owner=owner, repair=True)
        if further:  # further rows of the same track may have more values
            self.database.put_tracks(list(further.values()), brought_by, owner=owner)
        return stored

    @property
    def _is_guessed(self) -> bool:
        """Whether the encoding of the file was guessed, because neither it nor a person has named one."""
        return self.file.encoding not in UNICODE and not (self.run_at_start.read_options or {}).get("encoding")

    def _item(self, offset: int, row: Row) -> PlaylistItem:
        assert row.track is not None
        return PlaylistItem(
            position=self.items + offset,
            track_id=row.track.id,
            added_by=row.added_by,
            added_at=row.added_at,
            plays=row.plays,
            file=row.file,
        )

    def _state(self) -> dict[str, Any]:
        contributors = [list(pair) for pair in self.contributors.items()]
        return {
            "cursor": {
                **self.run_at_start.cursor,
                "rows": self.rows,
                "playlist": self.number,
                "items": self.items,
                "contributors": contributors,
            },
            "bytes_done": self.bytes_read,
            "requested": self.requested,
            "stored": self.stored,
            "known": self.known,
            "skipped": self.skipped,
            "skipped_examples": self.examples,
            "unread": self.unread,
        }

    def _watch(self, bytes_read: int) -> None:
        self.bytes_read = bytes_read

    def _progress(self) -> Progress:
        return Progress(
            phase=_PHASE,
            done=self.bytes_read,
            total=self.file.size,
            requested=self.requested,
            stored=self.stored,
            known=self.known,
            skipped=self.skipped.total(),
        )

    def _deleted(self) -> ImportProblem:
        assert self.playlist is not None
        # Delete the rows that were stored after the deletion.
        self.database.delete_playlist(self.playlist.id, self.items, self.playlist.owner)
        return ImportProblem("deleted", "The playlist was deleted during its import.", "Import the file again.")
