"""The normal form in which names are compared, for search, matching, recordings and artists."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

# Parts of a title that are not the name of the song: guests and edition marks.
_GUESTS = re.compile(r"[\(\[]?\b(?:feat|ft|featuring)\b\.?\s[^)\]]*[\)\]]?|[\(\[]with\s[^)\]]*[\)\]]", re.IGNORECASE)
_EDITION_WORDS = (
    r"(?:\d{4}\s+(?:-\s+)?)?(?:digital(?:ly)?\s+)?"
    r"(?:remaster(?:ed)?|mono|stereo|album version|single version|radio edit|original mix|deluxe(?: edition)?"
    r"|bonus track|expanded edition|explicit|clean)"
    r"(?:\s+version)?(?:\s+\d{4})?"
)
_EDITION_TAIL = re.compile(rf"\s+-\s+{_EDITION_WORDS}\s*$", re.IGNORECASE)
_EDITION_BRACKET = re.compile(rf"\s*[\(\[]\s*{_EDITION_WORDS}\s*[\)\]]", re.IGNORECASE)
_TYPED_EDITION = re.compile(r"(?<=\S)\s+(?:\d{4}\s+)?re-?master(?:ed)?(?:\s+version)?(?:\s+\d{4})?\s*$", re.IGNORECASE)
_CREDITS = re.compile(r"\s+(?:feat\.?|ft\.?|featuring|with|x|vs\.?|and|&|\+|con|y)\s+|,\s|;|/", re.IGNORECASE)
# People type Latin, Greek and Cyrillic without accents, Hebrew without points and Arabic without harakat. They do type
# the vowel signs of Indic and Thai scripts, although \w does not match them.
_ACCENTS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u0652]")
_SIGNS = "".join(c for c in map(chr, range(0x0900, 0x2000)) if unicodedata.category(c)[0] == "M")
_NOT_WORD = re.compile(rf"[^\w{_SIGNS}]+|_+")
_NOT_ASCII_WORD = re.compile(r"[^a-z0-9]+")
_BANG = re.compile(r"(?<=\w)!(?=\w)")  # P!nk
# Letters that Unicode does not decompose into a base letter and an accent.
_FOLD = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ß": "ss", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i"})
# Artists with a comma in their name, as seen in tables. No rule can find them: "Drake, The Weeknd" are two artists.
_COMMA_NAMES = (
    *("Beck, Bogert & Appice", "Black Country, New Road", "Blood, Sweat & Tears", "Blood, Sweat and Tears"),
    *("Brooklyn, Bronx & Queens Band", "Crosby, Stills & Nash", "Crosby, Stills and Nash"),
    *("Crosby, Stills, Nash & Young", "Crosby, Stills, Nash and Young", "Dave Dee, Dozy, Beaky, Mick & Tich"),
    *("Earth, Wind & Fire", "Earth, Wind and Fire", "Emerson, Lake & Palmer", "Emerson, Lake & Powell"),
    *("Emerson, Lake and Palmer", "Fear, and Loathing in Las Vegas", "Francisco, el Hombre", "Giles, Giles & Fripp"),
    *("Hamilton, Joe Frank & Reynolds", "I, the Mighty", "Lambert, Hendricks & Ross", "Love, Inks"),
    *("McGuinn, Clark & Hillman", "Medeski, Martin & Wood", "Medeski, Scofield, Martin & Wood", "Now, Now"),
    *("Oh, Sleeper", "Peter, Paul & Mary", "Peter, Paul and Mary", "Peter, Sue & Marc", "Phillips, Craig & Dean"),
    *("Phillips, Craig and Dean", "quickly, quickly", "Ray, Goodman & Brown", "Right Away, Great Captain!"),
    *("Sharon, Lois & Bram", "Souther, Hillman, Furay Band", "Stock, Hausen & Walkman"),
    *("The Brooklyn, Bronx & Queens Band", "The Good, the Bad & the Queen", "The Good, the Bad and the Queen"),
    *("The Last Artful, Dodgr", "The Reds, Pinks & Purples", "Tyler, The Creator", "West, Bruce & Laing"),
    "With Love, Mom",
)
_COMMA_NAME = re.compile(rf"(?:^|(?<=, ))(?:{'|'.join(map(re.escape, _COMMA_NAMES))})(?=,|$)", re.IGNORECASE)
# What follows a comma but is never an artist.
_SUFFIX = re.compile(r", (?=(?:Jr|Sr|Inc|Ltd|Ph\.?D|M\.?D|II|III|IV)\b\.?(?:,|$))", re.IGNORECASE)
_APOSTROPHES = str.maketrans("", "", "'’‘`´")


@lru_cache(4096)
def normalise(text: str) -> str:
    """Return ``text`` lower-cased, without accents and punctuation, words separated by one space.

    A name that is only punctuation ("!!!") is kept, so that it is not empty.
    """
    plain = text.casefold().replace("&", " and ").replace("$", "s")
    if plain.isascii():
        plain = _NOT_ASCII_WORD.sub(" ", _BANG.sub("i", plain.replace("'", "")))
    else:
        bare = _ACCENTS.sub("", unicodedata.normalize("NFKD", plain.translate(_APOSTROPHES)))
        plain = _NOT_WORD.sub(" ", _BANG.sub("i", unicodedata.normalize("NFC", bare)).translate(_FOLD))
    return plain.strip() or text.strip().casefold()


def plain_title(title: str) -> str:
    """Return ``title`` without guests ("feat. X", "(with X)") and edition marks ("- Remastered 2011"); never empty."""
    return without_guests(_EDITION_TAIL.sub("", _EDITION_BRACKET.sub("", title)), title)


def without_edition(typed: str) -> str:
    """Return typed words without a remaster named at their end, without a mark: "bohemian rhapsody remaster 2011"."""
    return _TYPED_EDITION.sub("", typed)


def without_guests(text: str, otherwise: str = "") -> str:
    """Return ``text`` without its guests ("feat. X", "(with X)"), or ``otherwise`` if nothing is left."""
    return " ".join(_GUESTS.sub("", text).split()).strip(" -") or otherwise


@lru_cache(1024)
def recording_key(title: str, first_artist: str) -> str:
    """Return the key of a recording, its bare title and first artist; tracks with the same key are one recording."""
    return f"{normalise(plain_title(title))}\x1f{normalise(first_artist)}"


def guest_in(text: str) -> str:
    """Return the guest that ``text`` names behind "feat." or the like, "" without one."""
    found = _GUESTS.search(text)
    return re.sub(r"(?i)^[(\[]?(?:feat|ft|featuring|with)\b\.?\s+", "", found.group()).strip(" )]") if found else ""


def credited(names: Iterable[str]) -> list[str]:
    """Return the normalised artists of a credit, such as three for ("A & B feat. C",)."""
    return [artist_key(part) for name in names for part in credit_parts(name)]


def credit_parts(name: str) -> list[str]:
    """Return the artists of one credit as written."""
    return [part.strip() for part in _CREDITS.split(name) if part.strip()]


def artist_key(name: str) -> str:
    """Return the normalised name of an artist without a leading "the"."""
    return normalise(name).removeprefix("the ")


def split_artists(joined: str, count: int | None = None) -> tuple[str, ...]:
    """Split a table's artist cell at ``;`` (as Kaggle and Exportify join artists), else at ``, `` (as Spotify does).

    Commas in some well-known names and before "Jr." and the like do not split. ``count`` is the number of artists if
    the row gives it: then the parts that most likely belong together are joined until it is reached.
    """
    if ", " in joined and ";" not in joined:
        joined = _COMMA_NAME.sub(lambda name: name.group().replace(", ", "\\, "), joined)
        joined = _SUFFIX.sub("\\\\, ", joined)
    parts = list(split_at_commas(joined))
    while count and len(parts) > count:
        at = max(range(1, len(parts)), key=lambda at: (_continues_name(parts[at]), -at))
        parts[at - 1 : at + 1] = [f"{parts[at - 1]}, {parts[at]}"]
    return tuple(parts)


def _continues_name(part: str) -> int:
    """Return how likely a part after a comma continues a name: "Wind & Fire" is likelier than "The Creator"."""
    return 2 * bool(re.match(r"(?i)(?:&|and|y|und|et)\s", part)) + (" & " in part) + part.lower().startswith("the ")


def split_at_commas(joined: str) -> tuple[str, ...]:
    """Split an artist cell like :func:`split_artists`, but at every comma except Exportify's escaped ``\\,``."""
    parts = joined.split(";") if ";" in joined else re.split(r"(?<!\\),\s", joined)
    return tuple(p for p in (part.replace("\\,", ",").strip() for part in parts) if p)
