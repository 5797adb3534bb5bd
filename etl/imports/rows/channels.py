"""Finds the artist in lists of YouTube, which name the channel instead: "Queen - Topic", "QueenVEVO"."""

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
    """Return artist and title of "Artist - Title"; for any other text the artist is ""."""
    found = _ARTIST_TITLE.fullmatch(written)
    return (found[1], found[2]) if found else ("", written)


def of_channel(channel: str, title: str) -> tuple[str, str]:
    """Return the artist and the title of a video, unchanged if the channel is not that of an artist."""
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
