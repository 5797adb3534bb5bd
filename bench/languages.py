"""Share of similar artists who sing in different languages, judged by the titles of their songs.

    python -m bench.languages           (needs the training data: ../shared/data or TASTEMAP_DATA)

The script of a title shows its language, or else words that hardly occur in another language. An artist has a language
if three or more of its titles are in it, and at least 60 % of those with a known language. Only pairs of two artists
with a known language count. There are two shares: one for the best-known artists, nearly all of whom sing in English,
and one for the best-known artists of other languages. Much of the second share is no error: bands from Korea or Japan
with English titles, and composers. Exit code 1 if the target is missed.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from bench._cost import DATA, Meter, finish
from bench.company import BEST_KNOWN, LISTED
from ml import artefacts
from ml.artists.model import ArtistEmbedding, top
from ml.artists.train.data import read_tables
from store.text import split_artists

MOST_APART, OTHERS = 0.02, 1000
FEWEST_TITLES, LEAST_SHARE = 3, 0.6
_SCRIPTS = {
    **dict.fromkeys(("HIRAGANA", "KATAKANA", "CJK"), "Chinese or Japanese"),
    **dict.fromkeys(("DEVANAGARI", "GURMUKHI", "TAMIL", "TELUGU"), "an Indian language"),
    **{name: name.title() for name in ("HANGUL", "CYRILLIC", "ARABIC", "HEBREW", "THAI", "GREEK")},
}
_WORDS = {
    "English": "the and you your i'm it's don't with this that what when are we can't is of from my never i've",
    "Spanish": "el los las y mi tú con yo eres está quiero corazón más cuando ella mis nada",
    "Portuguese": "não você meu minha uma eu pra coração saudade ao é vou mais nós sua quem",
    "French": "le les je est pas mon dans pour nous vous qui moi toi avec c'est j'ai où",
    "German": "ich und der das nicht ist mein wir ein eine mich auf dich kein von liebe",
    "Italian": "il che di sono gli della io più nel questo mio mia senza è dei",
    "Turkish": "bir ve bu seni beni aşk gibi yok değil senin benim için aşkım",
    "Swedish": "och jag är inte det att på för dig mig när min han",
}
_LANGUAGES: dict[str, set[str]] = defaultdict(set)
for _language, _words in _WORDS.items():
    for _word in _words.split():
        _LANGUAGES[_word].add(_language)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def language_of(title: str) -> str | None:
    """Return the language that a title's script or words show, or None if they show none or several equally."""
    for letter in filter(str.isalpha, title):
        script = unicodedata.name(letter, "").split(" ")[0].split("-")[0]
        if script in _SCRIPTS:
            return _SCRIPTS[script]
    counts = Counter(
        language
        for word in _WORD.findall(title.lower().replace("’", "'"))
        if len(languages := _LANGUAGES.get(word, set())) == 1
        for language in languages
    ).most_common(2)
    return counts[0][0] if counts and (len(counts) == 1 or counts[0][1] > counts[1][1]) else None


def languages_of(artists: ArtistEmbedding, songs: Iterable[tuple[str, str]]) -> dict[int, str]:
    """Return by artist index the languages that are known; ``songs`` are distinct (title, artist) pairs."""
    by_artist: dict[str, Counter[str]] = defaultdict(Counter)
    for title, artist in songs:
        if language := language_of(title):
            by_artist[artist][language] += 1
    found = {}
    for name, counts in by_artist.items():
        (language, titles), index = counts.most_common(1)[0], artists.find_exact(name)
        if index is not None and titles >= FEWEST_TITLES and titles >= LEAST_SHARE * counts.total():
            found[index] = language
    return found


def apart(artists: ArtistEmbedding, languages: Mapping[int, str], seeds: Iterable[int]) -> tuple[float, int]:
    """Return the share of pairs (seed, one of its ten most similar) of different languages, and the number of pairs."""
    different = []
    for seed in seeds:
        scores = artists.likeness(seed)
        scores[seed] = -np.inf
        different += [languages[at] != languages[seed] for at in top(scores, LISTED).tolist() if at in languages]
    return float(np.mean(different)), len(different)


def main() -> int:
    """Print both shares and the target; return the exit code given above."""
    meter, artists = Meter(), ArtistEmbedding.load(artefacts.active("artists"))
    tracks, songs = read_tables(DATA)
    tables = ((tracks["track_name"], tracks["artist"]), (songs["title"], songs["artist"]))
    named = {
        (title, split_artists(artist)[0])
        for titles, names in tables
        for title, artist in zip(titles, names, strict=True)
        if isinstance(title, str)
    }
    languages = languages_of(artists, named)
    print(f"{len(languages)} artists of known language: {dict(Counter(languages.values()).most_common())}")
    best_known = [at for at in range(BEST_KNOWN) if at in languages]
    others = sorted(at for at, language in languages.items() if language != "English")[:OTHERS]
    share, pairs = apart(artists, languages, best_known)
    print(f"Of {LISTED} alike of the {len(best_known)} best-known artists: {share:.1%} of {pairs} pairs differ")
    other, pairs = apart(artists, languages, others)
    print(f"Of {LISTED} alike of the {len(others)} best known of other languages: {other:.1%} of {pairs} pairs differ")
    return finish(meter, "none", [(f"of the best known below {MOST_APART:.0%}: {share:.1%}", share < MOST_APART)])


if __name__ == "__main__":
    raise SystemExit(main())
