"""Reads the history of YouTube Music in Google's Takeout (``watch-history.json``).

It also lists videos of YouTube, which are left out. The title of an entry is "Watched ..." in the language of the
account.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from etl.imports.reading.bytes import Watch
from etl.imports.reading.inspected import InspectedFile
from etl.imports.reading.json_file import elements, listed, under
from etl.imports.rows.channels import of_channel
from etl.imports.rows.entries import Entry, named_track
from etl.imports.rows.history import History, history_entries
from etl.links import TRACK, link_in
from etl.values import iso_instant, text

_MUSIC = "YouTube Music"
# English, Spanish, Italian, French, Portuguese, Dutch and Russian put the word before the title, German after it.
_WATCHED = re.compile(
    r"(?:Watched|Has visto|Hai guardato|Vous avez regardé|Assistiu a|Viu|Je hebt gekeken naar|Bekeken:"
    r"|Вы посмотрели видео) |(?: angesehen)$"
)


def sniff(file: InspectedFile) -> bool:
    """Return whether ``file`` is a history of YouTube."""
    return any(
        isinstance(entry, dict) and {"header", "titleUrl", "time"} <= entry.keys() for entry in elements(file.document)
    )


def read(file: InspectedFile, source: str, _moment: datetime, watch: Watch | None) -> Iterator[Entry]:
    """Yield the history as one playlist."""
    file.seen_whole(watch)
    yield from history_entries(lambda history: _listen(history, file.document, source))


def _listen(history: History, entries: Iterable[Any], source: str) -> None:
    for line, entry in enumerate(entries, start=1):
        link = link_in(str(under(entry, "titleUrl") or ""))
        channel = next((text(under(found, "name")) for found in listed(entry, "subtitles")), None)
        if under(entry, "header") != _MUSIC:
            history.skip(line, "a video of YouTube, not of YouTube Music")
        elif not channel or link is None or link.kind != TRACK:
            history.skip(line, "the video was withdrawn, or is none")
        else:
            artist, title = of_channel(channel, _WATCHED.sub("", text(under(entry, "title")) or "", count=1))
            track = named_track(title, artist, source=source, ids={link.namespace: link.id})
            if track is None:
                history.skip(line, "no title")
            else:
                history.play(line, track, iso_instant(under(entry, "time")))
