"""How names are compared: one normal form for search, matching, recordings and artists."""

from __future__ import annotations

import re
import unicodedata

# What a title carries beside the name of the piece: guests, and which edition of the recording this is.
_GUESTS = re.compile(r"[\(\[]?\b(?:feat|ft|featuring)\b\.?\s[^)\]]*[\)\]]?", re.IGNORECASE)
_EDITION_WORDS = (
    r"(?:\d{4}\s+)?(?:digital(?:ly)?\s+)?(?:remaster(?:ed)?|remastered version|mono|stereo|album version|single version"
    r"|radio edit|original mix|deluxe(?: edition)?|bonus track|expanded edition|explicit|clean)(?:\s+version)?(?:\s+\d{4})?"
)
_EDITION_TAIL = re.compile(rf"\s+-\s+{_EDITION_WORDS}\s*$", re.IGNORECASE)
_EDITION_BRACKET = re.compile(rf"\s*[\(\[]\s*{_EDITION_WORDS}\s*[\)\]]", re.IGNORECASE)
_NOT_WORD = re.compile(r"[^\w]+|_+")
# Letters that Unicode does not decompose into a base letter and an accent.
_FOLD = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "$": "s"})


def normalise(text: str) -> str:
    """Return ``text`` lower-cased, without accents and punctuation, words separated by one space.

    A name made of punctuation alone ("!!!") is kept as it is, so that it stays a name.
    """
    folded = unicodedata.normalize("NFKD", text.casefold().replace("&", " and "))
    plain = "".join(c for c in folded if not unicodedata.combining(c)).translate(_FOLD).replace("'", "").replace("’", "")
    return _NOT_WORD.sub(" ", plain).strip() or text.strip().casefold()


def plain_title(title: str) -> str:
    """Return ``title`` without guests ("feat. X") and edition marks ("- Remastered 2011"); never empty."""
    bare = _EDITION_TAIL.sub("", _EDITION_BRACKET.sub("", title))
    return _GUESTS.sub("", bare).strip(" -") or title


def recording_key(title: str, first_artist: str) -> str:
    """Return the key under which two ids count as the same recording: bare title and first artist."""
    return f"{normalise(plain_title(title))}\x1f{normalise(first_artist)}"


def split_artists(joined: str) -> tuple[str, ...]:
    """Split a table's artist cell: ``;`` as Kaggle's and Exportify's, else ``, `` as Spotify's own joins.

    A comma inside a name cannot be told from a join there; Exportify's escaped ``\\,`` is honoured.
    """
    parts = joined.split(";") if ";" in joined else re.split(r"(?<!\\),\s", joined)
    return tuple(p for p in (part.replace("\\,", ",").strip() for part in parts) if p)
