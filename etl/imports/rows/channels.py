"""Artists in lists of YouTube, where the name of a channel stands for the artist: "Queen - Topic", "QueenVEVO"."""

import re

from store.text import normalise

_TOPIC = re.compile(r"(.+?)\s+[-–]\s+Topic")
_VEVO = re.compile(r"(.+?)\s*VEVO", re.IGNORECASE)
_ARTIST_TITLE = re.compile(r"(.+?)\s[-\u2013\u2014]\s(.+)")
# "(Official Video)", "[Lyrics]".
_KIND_OF_VIDEO = re.compile(
    r"\s*[(\[][^)\]]*\b(?:official|lyrics?|music video|audio|visuali[sz]er|hd|hq|4k)\b[^)\]]*[)\]]", re.IGNORECASE
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def artist_and_title(written: str) -> tuple[str, str]:
    """Return the two in "Artist - Title", the artist being "" in any other text."""
    found = _ARTIST_TITLE.fullmatch(written)
    return (found[1], found[2]) if found else ("", written)


def of_channel(channel: str, title: str) -> tuple[str, str]:
    """Return the artist and the title of a video; those of a channel that is no artist's are returned unchanged."""
    if topic := _TOPIC.fullmatch(channel):
        return topic[1], title
    vevo = _VEVO.fullmatch(channel)
    if vevo is None:
        return channel, title
    artist, song = artist_and_title(title)
    song = _KIND_OF_VIDEO.sub("", song) or song
    if artist and _squeezed(artist) == _squeezed(vevo[1]):
        return artist, song
    return _HUMP.sub(" ", vevo[1]), song if not artist else title


def _squeezed(name: str) -> str:
    return normalise(name).replace(" ", "")
