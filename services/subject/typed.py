"""What typed words mean: a track of the catalogue, or an artist and a title that no track here has."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ml.artists.model import ArtistEmbedding
from ml.artists.query import CLOSE, LISTED, ONLY_HERE, Reading, split_query
from services.subject.model import Understood
from store.catalogue.catalogue import Ref, Snapshot
from store.catalogue.search import query_words
from store.catalogue.typed import Fit, fit
from store.domain import Track
from store.text import artist_key, guest_in, normalise, without_guests

# Least fit for a track of the catalogue to be what was typed; below it the typed names themselves are the subject, and
# the nearest tracks are alternatives.
SURE = 0.55
# Below this an alternative is not called the closest track.
_NEAR = 0.2
# The same for a track of a given title and artist. A title alone matches with 0.8 at most.
NAMED = 0.75
ALTERNATIVES = 5
# A fit of at least this has the artist's whole name.
_WHOLE = 0.9
# The highest fit of tracks if another artist was typed.
_ANOTHER = 0.5
_CANDIDATES = 12
# A common word alone ("hello") names an artist only if the artist is at least this well known (0 to 1).
_WELL_KNOWN = 0.35
# Fits that differ by less count as equal; the more popular track is chosen then.
_EQUAL = 0.02
# What is often pasted with a title and belongs to no title: words about a video, the number and the ending of a file,
# brackets that are empty without these, and quotation marks.
_NOISE = re.compile(
    r"(?i)\b(?:official (?:music |lyrics? )?(?:video|audio)|lyrics? video|with lyrics|h[dq]|4k)\b"
    r"|(?<=\S)\s+[(\[]?lyrics[)\]]?\s*$|^\d\d\s*[-.]\s+(?=\S.*\s-\s)|[\"“”„«»]"
)
_FILE = re.compile(r"(?i)(\s-\s.*)\.(?:mp3|flac|m4a|ogg|wav)\s*$")
_EMPTY, _QUOTED = re.compile(r"[(\[]\s*[)\]]"), re.compile(r"(?<!\w)['‘](\S.*?)['’](?!\w)")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What words were taken for.

    ``artist`` is as usually written, empty where none was recognised; ``title`` is as typed. ``found`` are the nearest
    tracks with their catalogue references and fits, best first.
    """

    artist: str
    title: str
    found: tuple[tuple[Track, Ref, Fit], ...]

    @property
    def is_track(self) -> bool:
        return bool(self.found) and self.found[0][2].likeness >= SURE

    def understood(self, typed: str) -> Understood:
        """Return how the text ``typed`` was understood, with a note for the user."""
        first = self.found[0][2] if self.found else None
        nothing = Understood(typed=typed, artist=None, title="", unmatched=[], version=[], closest=None, note=None)
        if first and self.is_track:
            track, version = self.found[0][0], sorted(first.kinds)
            note = f"Only this version of “{track.title}” is known here ({', '.join(version)})." if version else None
            return replace(nothing, artist=first.artist, title=first.title, version=version, note=note)
        closest = round(first.likeness, 3) if first and first.likeness >= _NEAR else None
        if not self.title:
            guest = guest_in(typed)
            both = f" of {self.artist} with {guest}" if guest else ""
            note = f"{self.artist} is an artist. Add a title to ask for a track{both}."
            return replace(nothing, artist=self.artist, closest=closest, note=note)
        by = f"No “{self.title}” by {self.artist}" if self.artist else f"No track or artist called “{typed}”"
        unknown = replace(nothing, artist=self.artist or None, title=self.title, unmatched=[self.title])
        return replace(unknown, closest=closest, note=f"{by} is known here.")


def meaning(snapshot: Snapshot, artists: ArtistEmbedding, words: str) -> Meaning:
    """Return what typed ``words`` mean: artist and title in any order, a title alone or an artist alone."""
    bare = _EMPTY.sub(" ", _NOISE.sub(" ", _QUOTED.sub(r"\1", _FILE.sub(r"\1", words))))
    words = " ".join(bare.split()) or words
    found = _nearest(snapshot, query_words(words))
    alone = _artist_alone(snapshot, artists, words) or _with_guest(artists, words)
    best = found[0] if found else None
    if alone and not (best and best[2].likeness >= SURE and _is_better_known(artists, best[0], alone[1])):
        known_for = sorted(found, key=lambda candidate: -(candidate[0].popularity or 0.0))
        return Meaning(alone[0], "", tuple((track, ref, replace(near, likeness=0.0)) for track, ref, near in known_for))
    sure = best[2] if best and best[2].likeness >= SURE else None
    reading = None if sure and _is_whole(sure) else split_query(artists, words, snapshot)
    # "Bush" is an artist and not Kate Bush, but "Davis" means Miles Davis, because no artist is just called Davis.
    if sure and not (reading and artist_key(sure.artist or "").endswith(f" {artist_key(reading.artist)}")):
        return Meaning(sure.artist or "", sure.title, found)
    if reading and (named := _by_usual_name(snapshot, reading)):
        return Meaning(reading.artist, reading.title, named)
    found = tuple((track, ref, replace(near, likeness=min(near.likeness, _ANOTHER))) for track, ref, near in found)
    return Meaning(reading.artist if reading else "", reading.title if reading else words.strip(), found)


def _is_better_known(artists: ArtistEmbedding, track: Track, known: float) -> bool:
    """Return whether a track, and its artist too, is better known than an artist of the same name is.

    "Ride" is a track of Twenty One Pilots, but "Metallica" is not one of Yung Beef.
    """
    by = artists.find_exact(track.first_artist or "")
    return (track.popularity or 0.0) / 100 > known and (by is None or float(artists.prior[by]) > known)


def by_names(snapshot: Snapshot, title: str, artist: str) -> tuple[tuple[Track, Ref, Fit], ...]:
    """Return the tracks that match a title and an artist, best first."""
    matches = snapshot.match(title, artist or None) if title else []
    return tuple((snapshot.track(match.ref), match.ref, Fit(match.confidence, title, artist)) for match in matches)


def _by_usual_name(snapshot: Snapshot, reading: Reading) -> tuple[tuple[Track, Ref, Fit], ...]:
    """Return the tracks of a ``reading`` whose artist was typed by another name; empty if none is surely meant."""
    found = by_names(snapshot, reading.title, reading.artist)
    return found if found and found[0][2].likeness >= NAMED else ()


def _is_whole(found: Fit) -> bool:
    """Return whether the artist is certain: no artist was typed, or the whole name was."""
    return found.artist is None or found.likeness >= _WHOLE


def _nearest(snapshot: Snapshot, words: Sequence[str]) -> tuple[tuple[Track, Ref, Fit], ...]:
    hits = snapshot.search(" ".join(words), _CANDIDATES)
    tracks = [(snapshot.track(hit.ref), hit.ref) for hit in hits]
    found = [(track, ref, fit(words, track)) for track, ref in tracks]
    return tuple(sorted(found, key=_order))


def _order(candidate: tuple[Track, Ref, Fit]) -> tuple[int, float]:
    """Return the sort key: by fit, then by popularity; tracks that are not near keep the order of the search."""
    track, _, found = candidate
    popularity = (track.popularity or 0.0) if found.likeness > _NEAR else 0.0
    return -round(max(found.likeness, _NEAR) / _EQUAL), -popularity


def _with_guest(artists: ArtistEmbedding, words: str) -> tuple[str, float] | None:
    """Return the well-known artist of "Eminem feat. Rihanna", who has no title, as :func:`_artist_alone` does.

    The guest is named, too: what was typed is not dropped in silence.
    """
    bare = without_guests(words)
    index = artists.find_exact(bare) if bare and bare != words else None
    known = 0.0 if index is None else float(artists.prior[index])
    return (artists.names[index], known) if index is not None and known >= LISTED else None


def _artist_alone(snapshot: Snapshot, artists: ArtistEmbedding, words: str) -> tuple[str, float] | None:
    """Return the artist whom ``words`` name and how well known that one is, 0 to 1; None if they name nobody."""
    index, key = artists.find_exact(words), normalise(words)
    if index is None and not snapshot.is_title(key) and not snapshot.is_artist(key):
        index = _mistyped(artists, key)
    if index is not None:
        known = float(artists.prior[index])
        return None if known < _WELL_KNOWN and key in artists.keys.common_words else (artists.names[index], known)
    return (words.strip(), ONLY_HERE) if snapshot.is_artist(key) else None


def _mistyped(artists: ArtistEmbedding, key: str) -> int | None:
    """Return the well-known artist whose name was typed otherwise: "acdc", "metalica"; None if nobody is meant."""
    index = artists.short_names.joined(key)
    if index is None:
        index = artists.keys.close(key, CLOSE)
    return index if index is not None and artists.prior[index] >= LISTED else None
