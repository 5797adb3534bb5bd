"""Previews of imports: how a file would be read, before anything of it is stored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from etl.imports.reading.encodings import encoding_names
from etl.imports.reading.inspected import InspectedFile
from etl.imports.reading.read_options import ReadOptions
from etl.imports.recognise import recognised
from etl.imports.rows.entries import PlaylistFile, Recognised, Row, TrackTableFile
from etl.imports.sheets.heading_names import LIST_HEADINGS
from etl.imports.sheets.sheet import Sheet
from store.runs import ImportProblem

# The beginning of a file shows its columns and its encoding.
PREVIEW_BYTES = 1 << 20
_ROWS = 5
_CHOSEN_WRONGLY = frozenset({"unknown_encoding", "no_such_column"})
# A refusal of these kinds can be answered by naming the columns.
_BY_COLUMNS = frozenset({"not_a_playlist", "no_tracks"})


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """An encoding, and its name for people."""

    name: str
    label: str


@dataclass(frozen=True, kw_only=True)
class PreviewColumn:
    """A column of the file: its ``heading``, the ``field`` it is read as ("" for none) and its first cells."""

    heading: str
    field: str
    cells: list[str]


@dataclass(frozen=True, kw_only=True)
class PreviewTrack:
    """A row as it was understood; ``reason`` says why it holds no track."""

    title: str = ""
    artists: list[str] = field(default_factory=list)
    album: str | None = None
    released: str | None = None
    length_ms: int | None = None
    added_at: str | None = None
    id: str = ""
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """How a file is understood.

    ``encodings`` are those that may be chosen, the likeliest first. ``fields`` are those that a column may be read as.
    ``doubts`` are sentences about what the user should check; without any, the file may be imported at once.
    ``may_be_table``: the file may also go into the catalogue. ``problem`` says why nothing can be read with the columns
    as they are.
    """

    kind: str | None = None
    encoding: str = ""
    encodings: list[Encoding] = field(default_factory=list)
    has_headings: bool = True
    columns: list[PreviewColumn] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    tracks: list[PreviewTrack] = field(default_factory=list)
    may_be_table: bool = False
    doubts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problem: str | None = None


def preview(head: bytes, name: str, options: ReadOptions, *, may_change_catalogue: bool) -> Preview:
    """Return how the text file that begins with ``head`` is understood with ``options``.

    For a file that no options make readable, only ``problem`` is set.

    Raises ImportProblem if a chosen encoding or column is unknown.
    """
    if len(head) >= PREVIEW_BYTES:  # drops the last row, which is incomplete
        head = head[: head.rfind(b"\n", 0, PREVIEW_BYTES) + 1] or head
    with TemporaryDirectory(prefix="tastemap-") as folder:
        path = Path(folder) / name
        path.write_bytes(head)
        try:
            file = InspectedFile(path, options=options)
            if file.sheet is None:
                return Preview(problem=f"{name} is no text.")
            found, problem = _recognised(file, options)
        except ImportProblem as fault:
            if fault.code in _CHOSEN_WRONGLY:
                raise
            return Preview(problem=fault.message)
        return _preview(file.sheet, found, problem, options, may_change_catalogue)


def _recognised(file: InspectedFile, options: ReadOptions) -> tuple[Recognised | None, str | None]:
    try:
        return recognised(file), None
    except ImportProblem as problem:
        columns = file.as_sheet().headings
        if problem.code not in _BY_COLUMNS or (len(columns) < 2 and not options.chooses_columns):
            raise
        return None, problem.message


def _preview(
    sheet: Sheet, found: Recognised | None, problem: str | None, options: ReadOptions, may_change_catalogue: bool
) -> Preview:
    may_be_table = isinstance(found, TrackTableFile) and may_change_catalogue
    playlist = found.playlist if isinstance(found, TrackTableFile) else found
    rows = list(_rows(playlist)) if isinstance(playlist, PlaylistFile) else []
    listed = sheet.layout is not None or problem is not None
    return Preview(
        kind=playlist.kind if isinstance(playlist, PlaylistFile) else None,
        encoding=sheet.file.encoding,
        encodings=_encodings(sheet),
        has_headings=sheet.has_headings,
        columns=_columns(sheet) if listed else [],
        fields=list(LIST_HEADINGS),
        tracks=rows,
        may_be_table=may_be_table,
        doubts=_doubts(sheet, options, problem, may_be_table),
        notes=[note for note in sheet.doubts() if note != sheet.file.note],
        problem=problem,
    )


def _doubts(sheet: Sheet, options: ReadOptions, problem: str | None, may_be_table: bool) -> list[str]:
    doubts = []
    if problem and not options.chooses_columns:
        doubts.append("No columns of titles and of artists were recognised. Say which ones they are.")
    if sheet.file.other_encodings:
        doubts.append(sheet.file.note)
    if may_be_table and options.read_as is None:
        doubts.append("This table has audio features. Import it as a playlist of yours, or into the catalogue for all.")
    return doubts


def _encodings(sheet: Sheet) -> list[Encoding]:
    names = encoding_names()
    first = [sheet.file.encoding, *sheet.file.other_encodings]
    return [Encoding(name=name, label=names.get(name, name)) for name in dict.fromkeys([*first, *names])]


def _columns(sheet: Sheet) -> list[PreviewColumn]:
    fields = {at: field for field, at in reversed(list(sheet.columns.items()))}
    sample: Sequence[Sequence[str]] = sheet.sample[:_ROWS]
    return [
        PreviewColumn(
            heading=heading.strip("\ufeff \t"),
            field=fields.get(at, ""),
            cells=[row[at].strip()[:100] if at < len(row) else "" for row in sample],
        )
        for at, heading in enumerate(sheet.headings)
    ]


def _rows(found: PlaylistFile) -> Iterator[PreviewTrack]:
    entries = found.read(found.kind, datetime.now(UTC), None)
    return (_track(row) for row in islice((entry for entry in entries if isinstance(entry, Row)), _ROWS))


def _track(row: Row) -> PreviewTrack:
    track = row.track
    if track is None:
        return PreviewTrack(reason=row.reason)
    details = track.album_details
    return PreviewTrack(
        title=track.title,
        artists=list(track.artists),
        album=track.album,
        released=(details.released if details else None) or (str(track.year) if track.year else None),
        length_ms=track.duration_ms,
        added_at=row.added_at.isoformat() if row.added_at else None,
        id=track.id,
    )
