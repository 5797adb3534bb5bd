"""What genre families improve in similar artists and in recommended tracks: scores without them and as served.

    python -m bench.company                     # similar artists
    python -m bench.company --lists FOLDER      # and write the lists for 60 famous tracks for a blind reading
    python -m bench.company --judged FOLDER     # count the verdicts of such a reading
    python -m bench.company --withheld          # what the 114 labels bring: fitted with and without some

Similar artists are scored twice, by cosine and popularity alone and as served. Printed are the share of the ten artists
most similar to a best-known one that have no genre family in common with it, and the recall on the held-out playlists
(test groups).

``--lists`` writes two lists for each track, without and with families, as A and B in an order drawn by lot;
``key.json`` says which is which. Write ``verdicts.csv`` (number, letter, verdict) before you read the key. A verdict is
"none" (no odd track), "odd", "absurd" or "empty" (no list). The whole training table is the catalogue.

``--withheld`` fits the embedding twice, with all of the 114 labels and without those of the artists of `valid` and
`test`, and scores both. Exit code 1 if a target is missed.
"""

import argparse
import csv
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from bench._cost import DATA, Meter, finish
from bench.catalogue import full_catalogue
from ml import artefacts
from ml.artists.model import ArtistEmbedding, top, unit_rows
from ml.artists.train.data import read
from ml.artists.train.embedding import ArtistModel
from ml.artists.train.scores import OURS, PLAIN, codes_of, compare
from ml.artists.train.train import SCORE_SEED
from ml.neighbours.company import SegmentArtists
from ml.neighbours.hubs import Hubs
from ml.neighbours.model import Neighbours, NothingToCompare
from ml.taxonomy.model import Taxonomy
from store.catalogue.catalogue import Catalogue, Snapshot
from store.domain import Track

BEST_KNOWN, LISTED = 1243, 10
MOST_APART = 0.04
SURE = 0.8  # least confidence of a match for the catalogue's track to be the seed
# (title, artist), chosen by hand from many families, eras and languages before any list was made.
FAMOUS = (
    ("Bohemian Rhapsody", "Queen"),
    ("Enter Sandman", "Metallica"),
    ("Smells Like Teen Spirit", "Nirvana"),
    ("Losing My Religion", "R.E.M."),
    ("Stairway to Heaven", "Led Zeppelin"),
    ("Hotel California", "Eagles"),
    ("Comfortably Numb", "Pink Floyd"),
    ("Yesterday", "The Beatles"),
    ("Johnny B. Goode", "Chuck Berry"),
    ("Jailhouse Rock", "Elvis Presley"),
    ("Creep", "Radiohead"),
    ("Do I Wanna Know?", "Arctic Monkeys"),
    ("Just Like Heaven", "The Cure"),
    ("Raining Blood", "Slayer"),
    ("Du hast", "Rammstein"),
    ("Chop Suey!", "System Of A Down"),
    ("American Idiot", "Green Day"),
    ("Blitzkrieg Bop", "Ramones"),
    ("Welcome to the Black Parade", "My Chemical Romance"),
    ("Shake It Off", "Taylor Swift"),
    ("Someone Like You", "Adele"),
    ("drivers license", "Olivia Rodrigo"),
    ("Like a Prayer", "Madonna"),
    ("Dancing Queen", "ABBA"),
    ("Billie Jean", "Michael Jackson"),
    ("Blinding Lights", "The Weeknd"),
    ("One More Time", "Daft Punk"),
    ("Windowlicker", "Aphex Twin"),
    ("Strobe", "deadmau5"),
    ("Sandstorm", "Darude"),
    ("Around the World (La La La La La)", "ATC"),
    ("Teardrop", "Massive Attack"),
    ("Weightless", "Marconi Union"),
    ("Clair de Lune", "Claude Debussy"),
    ("Gymnopédie No. 1", "Erik Satie"),
    ("Symphony No. 5", "Ludwig van Beethoven"),
    ("So What", "Miles Davis"),
    ("Take Five", "The Dave Brubeck Quartet"),
    ("The Thrill Is Gone", "B.B. King"),
    ("Feeling Good", "Nina Simone"),
    ("Superstition", "Stevie Wonder"),
    ("I Will Survive", "Gloria Gaynor"),
    ("Lose Yourself", "Eminem"),
    ("Juicy", "The Notorious B.I.G."),
    ("HUMBLE.", "Kendrick Lamar"),
    ("Blowin' in the Wind", "Bob Dylan"),
    ("Hurt", "Johnny Cash"),
    ("Jolene", "Dolly Parton"),
    ("Three Little Birds", "Bob Marley & The Wailers"),
    ("La Vida Es Un Carnaval", "Celia Cruz"),
    ("Despacito", "Luis Fonsi"),
    ("Garota de Ipanema", "João Gilberto"),
    ("Dynamite", "BTS"),
    ("晴天", "Jay Chou"),
    ("Gurenge", "LiSA"),
    ("Tum Hi Ho", "Arijit Singh"),
    ("Water No Get Enemy", "Fela Kuti"),
    ("La Vie en rose", "Édith Piaf"),
    ("99 Luftballons", "Nena"),
    ("Let It Go", "Idina Menzel"),
)

Floats = npt.NDArray[np.floating]
Score = Callable[[int], Floats]


class ByCosine(Neighbours):
    """The recommendation without families: it compares artists only by the cosine of their vectors."""

    def _compared(self, company: SegmentArtists, artist: int, hubs: Hubs | None) -> npt.NDArray[np.float32]:
        return company.of_all(company.cosine_scores(artist, hubs))


def apart(artists: ArtistEmbedding, taxonomy: Taxonomy, score: Score) -> tuple[float, int]:
    """Return the share of pairs (best-known artist, one of its ten most similar) without a common family.

    Also return the number of pairs. Only pairs of two artists with known genres count.
    """
    families = {name: taxonomy.family_of(name) for name in artists.genre_names}

    def of(artist: int) -> set[str]:
        return {family for name in artists.genres(artist) if (family := families[name])}

    common = []
    for seed in range(BEST_KNOWN):
        scores = score(seed)
        scores[seed] = -np.inf
        pairs = ((of(seed), of(other)) for other in top(scores, LISTED).tolist())
        common += [bool(mine & theirs) for mine, theirs in pairs if mine and theirs]
    return 1 - sum(common) / len(common), len(common)


def artists_alike(artists: ArtistEmbedding) -> list[tuple[str, bool]]:
    """Print the figures of similar artists without families and as served; return the targets."""
    places, prior, taxonomy = unit_rows(artists.vectors), 0.2 * artists.prior.astype(np.float32), Taxonomy.active()
    shares = {
        PLAIN: apart(artists, taxonomy, lambda seed: places @ places[seed] + prior),
        OURS: apart(artists, taxonomy, artists.likeness),
    }
    print(f"Of {LISTED} alike of the {BEST_KNOWN} best-known artists, without a common family:")
    for name, (share, pairs) in shares.items():
        print(f"  {name:<45} {share:.1%} of {pairs} pairs")
    found = compare(artists, read(DATA), "test", SCORE_SEED, only=(OURS, PLAIN))
    print("Recall@20 on held-out playlists (test), any artist and cold artists:")
    for name in (PLAIN, OURS):
        print(f"  {name:<45} {found[name]['all']}   {found[name]['cold']}")
    better = {kind: found[OURS][kind].mean >= found[PLAIN][kind].mean for kind in ("all", "cold")}
    return [
        (f"similar artists without a common family below {MOST_APART:.0%}", shares[OURS][0] < MOST_APART),
        *((f"recall no lower, {kind} artists", fine) for kind, fine in better.items()),
    ]


def withheld_labels() -> list[tuple[str, bool]]:
    """Print the figures of embeddings fitted with all labels, and without those of `valid` and `test`; no targets."""
    knowing, lacking = read(DATA), read(DATA, hide_labels_of=("valid", "test"))
    taxonomy = Taxonomy.active()
    column = {name: at for at, name in enumerate(lacking.genre_names)}
    kept = [column.get(name, -1) for name in knowing.genre_names]
    rest = sp.hstack([lacking.genres, sp.csr_matrix((len(lacking.keys), 1))]).tocsc()[:, kept]
    withheld = sp.csr_matrix((knowing.genres - rest) > 1e-9)  # (artists, genres): the withheld labels
    belongs = [taxonomy.family_of(name) for name in knowing.genre_names]
    print(f"{(withheld.getnnz(axis=1) > 0).sum()} artists have labels that are withheld")
    for title, data in (("all labels", knowing), ("labels of valid and test withheld", lacking)):
        artists = ArtistModel().fit(data).export(data, "bench", taxonomy)
        codes = codes_of(artists, data)
        hidden = {at: {belongs[c] for c in withheld[code].indices} - {None} for at, code in enumerate(codes.tolist())}
        seeds = [at for at in range(len(artists)) if hidden[at]][:BEST_KNOWN]
        common = []
        for seed in seeds:
            scores = artists.likeness(seed)
            scores[seed] = -np.inf
            theirs = [{taxonomy.family_of(name) for name in artists.genres(other)} for other in top(scores, LISTED)]
            common += [bool(hidden[seed] & families) for families in theirs if families]
        print(f"\n{title}: no family of the withheld labels in {1 - np.mean(common):.1%} of {len(common)} pairs")
        for split in ("valid", "test"):
            found = compare(artists, data, split, SCORE_SEED, only=(OURS,))[OURS]
            print(f"  recall@20 on {split}: {found['all']}   cold {found['cold']}")
    return []


def seed_of(snapshot: Snapshot, title: str, artist: str) -> Track:
    """Return the matching track of the catalogue, or else a track with only this title and artist."""
    matches = snapshot.match(title, artist, limit=1)
    if matches and matches[0].confidence >= SURE:
        return snapshot.track(matches[0].ref)
    return Track(id="", title=title, artists=(artist,))


def write_lists(folder: Path, snapshot: Snapshot, artists: ArtistEmbedding) -> None:
    """Write ``lists.txt``, with lists A and B for each famous track, and ``key.json``."""
    models = {"before": ByCosine(artists), "after": Neighbours(artists)}
    lot, key, lines = random.Random(), [], []
    for number, (title, artist) in enumerate(FAMOUS, 1):
        seed = seed_of(snapshot, title, artist)
        order = lot.sample(list(models), len(models))
        key.append(dict(zip("AB", order, strict=True)))
        lines.append(f"\n{number}. {artist}: {title}")
        for letter, name in key[-1].items():
            try:
                found = models[name].recommend(snapshot, seed, limit=LISTED)
            except NothingToCompare:
                found = []
            tracks = [snapshot.track(neighbour.ref) for neighbour in found]
            named = "; ".join(f"{', '.join(track.artists[:2])}: {track.title}" for track in tracks)
            lines.append(f"  {letter}  {named}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lists.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "key.json").write_text(json.dumps(key), encoding="utf-8")


def count_verdicts(folder: Path) -> list[tuple[str, bool]]:
    """Print by model how many lists have no odd track, an odd one or an absurd one; return the targets."""
    key = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    counts: dict[str, Counter[str]] = {"before": Counter(), "after": Counter()}
    with (folder / "verdicts.csv").open(encoding="utf-8", newline="") as file:
        for number, letter, verdict in csv.reader(file):
            counts[key[int(number) - 1][letter]][verdict] += 1
    for name, found in counts.items():
        print(f"{name:<7} {found['none']} lists without an odd track, {found['odd']} odd, {found['absurd']} absurd")
    after = counts["after"]
    return [("50 lists without an odd one", after["none"] >= 50), ("no absurd one", not after["absurd"])]


def main() -> int:
    """Print the figures; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--lists", type=Path)
    options.add_argument("--judged", type=Path)
    options.add_argument("--withheld", action="store_true")
    arguments = options.parse_args()
    meter, artists = Meter(), ArtistEmbedding.load(artefacts.active("artists"))
    if arguments.judged:
        return finish(meter, "judgements", count_verdicts(arguments.judged))
    if arguments.withheld:
        return finish(meter, f"queries {SCORE_SEED}", withheld_labels())
    if arguments.lists:
        with full_catalogue() as var:
            write_lists(arguments.lists, Catalogue(var / "catalogue").current(), artists)
    return finish(meter, f"queries {SCORE_SEED}", artists_alike(artists))


if __name__ == "__main__":
    raise SystemExit(main())
