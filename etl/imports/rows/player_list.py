"""Reads entries of players' lists (M3U, PLS): a path or an address, perhaps with a name.

A name is usually "Artist - Title", but "Title - Artist" in the lists of Apple's players. The folders and the file name
show which it is: first those of the entry itself, then those of other entries. If no path shows it, a row has both
readings, and the catalogue decides when the row is stored.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from etl.imports.rows.entries import Row, linked_row, local_file_track, named_track
from etl.links import link_in
from etl.values import spotify_id, text
from store.text import normalise, plain_title

STATION = "a stream without an end, not a track"
_STREAM = re.compile(r"(?:https?|mmsh?|rtsp|rtmp|icyx?)://", re.IGNORECASE)
UNNAMED = "neither an artist nor a title is named"
_DASH = re.compile(r"\s+[-–—]\s+")
# "1-03 ", "01-03 - ", "03 - ", "03. " and "03 " are track numbers; those of "99 Luftballons" and "24-7 Spyz" are not.
_FILE_NUMBER = re.compile(
    r"^(?:\d{1,2}[-.]\d{2,3}(?:\s*[-._)]\s*|\s+)|\d{1,3}(?:\s*[._)]\s*|\s+-\s+|\s*-\s*(?=\D))|0\d\s+)(?=\S)"
)
_LEADING_NUMBER = re.compile(r"(\d{1,3})(?:\s*[.)]\s*|\s+-\s+)(?=\S)")
# In the folder of an album, a number without punctuation is a track number: "12 Title", but hardly "99 Title".
_ALBUM_NUMBER = re.compile(r"^[0-3]\d\s+(?=\S)")
_ALBUM_YEAR = re.compile(r"^(?:[(\[]?(?:19|20)\d\d[)\]]?\s*(?:[-–._]\s*|\s+(?=\S)))(?=\S)")
# As foobar2000 copies a playlist: "Air - [Moon Safari #03] All I Need".
_FOOBAR = re.compile(r"(.+?) - \[(.+?)(?: CD\d+)?(?: [#/]\d+)?\] (.+)")
_LONG_NAME = 30
_LONGEST_PATH = 2_000
# Folders of music that are neither an artist nor an album.
_ROOT = re.compile(
    r"/|\.\.?|\w:|(?:my |meine )?(?:music|musik|música|musica|musique|muzyka|muziek)|(?:itunes|apple)(?: media| music)?"
    r"|media|library|downloads?|desktop|documents|home|users|volumes|mnt|srv|data|nas|shared?|storage|sdcard|mp3s?|flac"
    r"|audio|songs|albums|artists",
    re.IGNORECASE,
)
_COMPILATIONS = re.compile(r"compilations|various(?: artists)?|va|soundtracks|verschiedene interpreten", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedFile:
    """An entry of a list; ``path`` is "" if the list gives only a name, and ``artist`` may be that of the album."""

    line: int
    path: str = ""
    name: str | None = None
    artist: str | None = None
    album: str | None = None
    seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """The names in the name or the path of an entry."""

    title: str
    artist: str | None = None
    album: str | None = None


def title_first(entries: Iterable[ListedFile]) -> bool | None:
    """Return whether the names of a list are "Title - Artist", judged by its paths; None if they do not show it."""
    votes = 0
    for entry in entries:
        order = _title_first(entry)
        votes += 0 if order is None else 1 if order else -1
    return votes > 0 if votes else None


def row_of(entry: ListedFile, of_list: bool | None, source: str) -> Row:
    """Return the row of an entry; ``of_list`` is :func:`title_first` of its list."""
    if _is_station(entry):
        return Row(line=entry.line, reason=STATION)
    if not entry.name or entry.name == _file_name(entry.path):
        readings = _in_path(entry.path)
    else:
        entry = replace(entry, name=_unnumbered(entry.name, entry.path))
        own = _title_first(entry)
        readings = _in_name(entry.name or "", of_list if own is None else own)
    if not readings:
        return _of_link(entry, source)
    folders = _in_folders(entry.path)
    # #EXTART names the album's artist, so it is second choice.
    artist = entry.artist or (folders.artist if folders and len(readings) == 1 else None)
    first, *others = (
        named_track(
            names.title,
            names.artist or artist,
            source=source,
            uri=entry.path,
            album=entry.album or names.album or _album_of(names.artist or artist, folders),
            duration_ms=entry.seconds * 1000 if entry.seconds and entry.seconds > 0 else None,
        )
        for names in readings
    )
    return Row(
        line=entry.line,
        track=first,
        other=others[0] if others else None,
        file=own_file(entry.path),
        reason="" if first else UNNAMED,
    )


def _is_station(entry: ListedFile) -> bool:
    """Return whether an entry is an endless stream, whose name is that of the station.

    A file on a web server, in contrast, has a length or is named after its title.
    """
    if not entry.name or (entry.seconds or 0) > 0 or not _STREAM.match(entry.path) or link_in(entry.path):
        return False
    try:
        stem = _folded(PurePosixPath(unquote(urlsplit(entry.path).path)).stem)
    except ValueError:  # invalid brackets in the address
        return False
    named = [names for names in _in_name(entry.name, None) if names.artist and _folded(names.title)]
    return not any(_folded(names.title) in stem for names in named)


def own_file(path: Any) -> str | None:
    """Return ``path`` if it is the path or the ``file:`` address of a file."""
    written = path if isinstance(path, str) and path.isprintable() and len(path) <= _LONGEST_PATH else ""
    return written if _file_path(written) is not None else None


def _of_link(entry: ListedFile, source: str) -> Row:
    """Return the track that an address or a URI names by its id, or the reason why there is none."""
    if own := local_file_track(entry.path, source):
        return Row(line=entry.line, track=own)
    return linked_row(entry.line, [entry.path], source, UNNAMED)


def _in_name(name: str, title_is_first: bool | None) -> list[Names]:
    """Return the readings of a name, the likelier first: two if the order of artist and title is unknown."""
    if foobar := _FOOBAR.fullmatch(name):
        return [Names(foobar[3], foobar[1], foobar[2])]
    dashes = list(_DASH.finditer(name))
    if not dashes:
        return [Names(name)]
    artist_first = Names(name[dashes[0].end() :], name[: dashes[0].start()])
    reversed_ = Names(name[: dashes[-1].start()], name[dashes[-1].end() :])
    if title_is_first is None:
        return [artist_first, reversed_]
    return [reversed_ if title_is_first else artist_first]


def _title_first(entry: ListedFile) -> bool | None:
    path = _file_path(entry.path)
    readings = _in_name(entry.name, None) if entry.name else []
    if path is None or len(readings) < 2:
        return None
    folders = [_folded(part) for part in path.parts[:-1][-3:]]
    stem = _folded(_numberless(path.stem)[0])
    artist_first, reversed_ = (
        any(_same_file_name(folder, names.artist) for folder in folders) + _same_file_name(stem, names.title)
        for names in readings
    )
    return None if artist_first == reversed_ else reversed_ > artist_first


def _same_file_name(written: str, name: str | None) -> bool:
    """Return whether a file or folder is called ``name``; players cut long names."""
    wanted = _folded(name or "")
    return bool(written) and (written == wanted or (len(written) >= _LONG_NAME and wanted.startswith(written)))


def _folded(name: str) -> str:
    return normalise(name) if name.strip() else ""


def _in_path(written: str) -> list[Names]:
    """Return the readings of a path such as ``/music/03 Air - All I Need.mp3`` or ``Air/Moon Safari/03 All I Need``."""
    path = _file_path(written)
    if path is None or not text(path.stem):
        return []
    stem, numbered = _numberless(path.stem)
    parts = _DASH.split(stem)
    numbers = [at for at, part in enumerate(parts) if 0 < at < len(parts) - 1 and part.isdecimal()]
    if numbers:  # "Artist - Album - 03 - Title"
        at = numbers[0]
        album = " - ".join(parts[1:at]) or None
        return [Names(_clean(" - ".join(parts[at + 1 :])), parts[0], album)]
    folders = _in_folders(written)
    if folders and folders.artist and (len(parts) == 1 or plain_title(stem) != stem):
        if not numbered and _folded(stem) != _folded(folders.album or ""):
            stem = _ALBUM_NUMBER.sub("", stem)
        return [replace(folders, title=_clean(stem))]
    if len(parts) > 1:
        return [Names(_clean(" - ".join(parts[1:])), parts[0], folders.album if folders else None)]
    return _with_one_folder(path, Names(_clean(stem), None, folders.album if folders else None), numbered)


def _with_one_folder(path: PurePosixPath, names: Names, numbered: bool) -> list[Names]:
    """Add a reading with the only folder above a numbered file as the artist; the folder may also be an album."""
    own = _own_folders(path)
    if not numbered or names.album or len(own) != 1 or _COMPILATIONS.fullmatch(own[0]):
        return [names]
    return [names, replace(names, artist=own[0])]


def _in_folders(written: str) -> Names | None:
    """Return artist and album of a path Artist/Album/file, without an artist for compilations, else ``None``."""
    path = _file_path(written)
    if path is None:
        return None
    own = _own_folders(path)
    rooted = len(own) < len([part for part in path.parts[:-1] if part not in {"/", ".", ".."}])
    absolute = written.startswith("/") or bool(re.match(r"\w:|file:", written))
    certain = len(own) == 2 and (rooted or not absolute)
    if len(own) < 2 or not (certain or _numberless(path.stem)[1]):
        return None
    artist, album = own[-2:]
    return Names("", None if _COMPILATIONS.fullmatch(artist) else artist, _ALBUM_YEAR.sub("", album))


def _own_folders(path: PurePosixPath) -> list[str]:
    """Return the folders below the last general folder of music."""
    own: list[str] = []
    for part in path.parts[:-1]:
        if _ROOT.fullmatch(part):
            own = []
        else:
            own.append(part)
    return own


def _album_of(artist: str | None, folders: Names | None) -> str | None:
    """Return the folder of the album if the folder above it has the artist's name."""
    if folders is None or not folders.artist:
        return None
    return folders.album if _same_file_name(_folded(folders.artist), artist) else None


def _numberless(stem: str) -> tuple[str, bool]:
    bare = _FILE_NUMBER.sub("", stem)
    return bare, bare != stem


def _file_name(written: str) -> str:
    path = _file_path(written)
    return path.name if path else ""


def _unnumbered(name: str, path: str) -> str:
    """Return a name such as "02. ABBA - Waterloo" without its number, if the file has the same number."""
    number = _LEADING_NUMBER.match(name)
    file = _file_path(path)
    same = number and file and (found := re.match(r"\d+", file.stem)) and found[0] == number[1]
    return name[number.end() :] if number and same else name


def _clean(name: str) -> str:
    """Return a file's name as a title: without "_" at the end, which replaces a character not allowed in file names."""
    return name.rstrip("_").rstrip() or name


def _file_path(written: str) -> PurePosixPath | None:
    """Return the path of a file, ``None`` for the address of a stream and for other URIs."""
    if not written or spotify_id(written):
        return None
    try:
        parts = urlsplit(written) if re.match(r"\w{2,}:", written) else None
    except ValueError:  # invalid brackets in the address
        return None
    if parts and parts.scheme != "file":
        return None
    return PurePosixPath((unquote(parts.path) if parts else written).replace("\\", "/"))
