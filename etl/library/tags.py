"""Reads the media type, the tags and the cover of audio files, by tinytag."""

import os
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO

from tinytag import TinyTag, TinyTagException

from etl.identity import MBID
from etl.imports.rows.entries import named_track
from etl.imports.rows.player_list import ListedFile, row_of
from store.domain import AlbumDetails, Track
from store.facts import OWN_AUDIO

_MAX_COVER_BYTES = 8 << 20
_YEAR = re.compile(r"(?:1[4-9]|20)\d\d(?:-\d\d(?:-\d\d)?)?")
_GENRES = re.compile(r"\s*[;/\x00]\s*")
_MAX_GENRES = 8
_MARKS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"ID3", "audio/mpeg"),
    (0, b"fLaC", "audio/flac"),
    (0, b"OggS", "audio/ogg"),
    (8, b"WAVE", "audio/wav"),
    (4, b"ftyp", "audio/mp4"),
    (0, b"FORM", "audio/aiff"),
    (0, bytes.fromhex("3026b2758e66cf11"), "audio/x-ms-wma"),
)
# Media types that browsers play.
PLAYABLE = frozenset({"audio/mpeg", "audio/flac", "audio/ogg", "audio/wav", "audio/mp4", "audio/aac"})
_IMAGES = ((b"\xff\xd8\xff", "jpg"), (b"\x89PNG\r\n\x1a\n", "png"), (b"GIF8", "gif"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Tags:
    """The track in a file's tags; ``cover`` is a picture as (file ending, contents)."""

    track: Track
    cover: tuple[str, bytes] | None = None


def media_type(file: BinaryIO) -> str:
    """Return the media type by the first bytes of ``file``, "" if it is unknown; the file is rewound to its start."""
    head = os.pread(file.fileno(), 16, 0)
    for at, mark, kind in _MARKS:
        if head[at : at + len(mark)] == mark:
            return kind
    # MPEG's frames begin with eleven or twelve set bits; layer 0 is AAC in ADTS.
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "audio/aac" if head[1] & 0x06 == 0 else "audio/mpeg"
    return ""


def read_tags(file: BinaryIO, path: str, seconds: float | None = None) -> Tags:
    """Return the track and the cover of an open file; names missing in the tags are taken from its ``path``.

    ``seconds`` is its length if it has been decoded; the length in the tags may be wrong.
    """
    try:
        found = TinyTag.get(filename=path, file_obj=file, image=True)
    except (TinyTagException, ValueError, KeyError, IndexError, OverflowError, OSError, EOFError):
        found = None  # damaged tags are ignored; decoding shows whether the file has sound
    length = seconds or (found.duration if found else None)
    duration_ms = round(1000 * length) if length else None
    track = (_tagged(found, duration_ms) if found else None) or _named(path, duration_ms)
    return Tags(track=track, cover=_cover(found) if found else None)


def _tagged(tag: TinyTag, duration_ms: int | None) -> Track | None:
    other = {name.lower().replace(" ", "_"): values for name, values in tag.other.items() if values}
    released = _YEAR.match(str(tag.year or ""))
    mbid = _first(other, "musicbrainz_trackid", "musicbrainz_track_id", "musicbrainz_recordingid").lower()
    details = AlbumDetails(
        released=released[0] if released else None,
        artists=(tag.albumartist,) if tag.albumartist else (),
        disc_number=tag.disc or None,
        track_number=tag.track or None,
    )
    return named_track(
        tag.title,
        [tag.artist, *other.get("artist", ())] if tag.artist else tag.albumartist,
        source=OWN_AUDIO,
        album=tag.album,
        duration_ms=duration_ms,
        year=int(released[0][:4]) if released else None,
        isrc=_first(other, "isrc"),
        labels=_genres(tag.genre, other.get("genre", ())),
        ids={"mbid": mbid} if MBID.fullmatch(mbid) else {},
        details=details if details != AlbumDetails() else None,
    )


def _first(other: dict[str, list[str]], *names: str) -> str:
    return next((str(other[name][0]).strip() for name in names if name in other), "")


def _genres(first: str | None, more: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    parts = (part.strip().lower() for genre in (first or "", *more) for part in _GENRES.split(genre))
    return tuple(dict.fromkeys(part for part in parts if part))[:_MAX_GENRES]


def _named(path: str, duration_ms: int | None) -> Track:
    """Return the track named by the path: by its folders and "Artist - Title", or by the name of the file."""
    seconds = duration_ms // 1000 if duration_ms else None
    row = row_of(ListedFile(line=1, path=path, seconds=seconds), None, OWN_AUDIO)
    if row.track is not None and row.track.artists:
        return row.track
    track = named_track(PurePosixPath(path).stem.replace("_", " "), [], source=OWN_AUDIO, duration_ms=duration_ms)
    assert track is not None  # a file has a name
    return track


def _cover(tag: TinyTag) -> tuple[str, bytes] | None:
    image = tag.images.any
    if image is None or not image.data or len(image.data) > _MAX_COVER_BYTES:
        return None
    data = bytes(image.data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp", data
    return next(((ending, data) for mark, ending in _IMAGES if data.startswith(mark)), None)
