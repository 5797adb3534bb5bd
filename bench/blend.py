"""Fairness of lists for several people, by method and compared with plain lists; effect of filters; cost of a list.

    python -m bench.blend [--groups 8]

A group is three people drawn with a fixed seed. Each has the tracks of one held-out playlist (split `test` of
TASTEMAP_DATA) with at least ten known tracks. The catalogue is that of TASTEMAP_VAR (default var/) if it is a full one;
if not, one is built for this run.

For each method it prints the mean satisfaction over a list of 20 tracks, from 0 to 1: of everybody, and of the least
satisfied person. Then it does so for the people of each collaborative file of TASTEMAP_DATA, and for those of the
longest file cut to 150, 119, 6 and 1 tracks, once with their own tracks left out and once with them, and tells how many
of them have more and less than of the list of the method "average", in whole percents.

Exit code 1 if a fair list leaves the least satisfied person worse off than the list of "average", has a worse worst
track, or is worse for somebody and better for nobody; if the first people have no more where they count most; or if a
list holds a track that a filter rules out.
"""

import argparse
import gzip
import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from statistics import mean
from typing import Any

import numpy as np

from bench._cost import DATA, Meter, finish
from bench.catalogue import full_catalogue
from etl.imports.recognise import recognise
from etl.imports.rows.entries import PlaylistFile, Row
from ml import artefacts
from ml.artists.model import ArtistEmbedding
from ml.blend.fairness import Choice, Method, Share, shares
from ml.blend.model import MOST_PEOPLE, Blend, BlendRequest, Floats, Listener, blend, satisfactions
from ml.guards import GUARDS, caught, is_out_of_length
from ml.neighbours.model import Neighbours
from store.catalogue.catalogue import Catalogue, Snapshot
from store.domain import Track
from store.gaps import merged

SEED, PEOPLE, LENGTH, SHORTEST, LONGEST = 1, 3, 20, 60, 600
WEIGHTS = (3.0, 2.0, 1.0)
UNEVEN = (150, 119, 6, 1)
Group = list[Listener]


def groups(snapshot: Snapshot, count: int) -> list[Group]:
    """Draw ``count`` groups of three people."""
    lists = {}
    with gzip.open(DATA / "playlists.jsonl.gz", "rt", encoding="utf-8") as lines:
        for raw in map(json.loads, lines):
            if raw["split"] == "test":
                known = [snapshot.track(ref) for ref in map(snapshot.find, raw["tracks"]) if ref is not None]
                if len(known) >= 10:
                    lists[f"{raw['source']} {raw['group']}"] = Listener(str(raw["pid"]), str(raw["pid"]), tuple(known))
    rng = random.Random(SEED)
    return [rng.sample([lists[name] for name in sorted(lists)], PEOPLE) for _ in range(count)]


class Bench:
    """Makes lists for the same groups with different options."""

    def __init__(self, neighbours: Neighbours, snapshot: Snapshot, drawn: Sequence[Group]) -> None:
        self.neighbours, self.snapshot, self.drawn = neighbours, snapshot, drawn

    def request(self, people: Group, weights: Sequence[float] = (), **options: object) -> BlendRequest:
        known = [track for listener in people for track in listener.tracks]
        by_id = dict(zip((listener.id for listener in people), weights, strict=False))
        return replace(BlendRequest(length=LENGTH, known=known, weights=by_id), **options)  # type: ignore[arg-type]

    def lists(self, name: str, **options: Any) -> list[Blend]:
        """Make a list for each group and print how satisfied its people are."""
        meter = Meter()
        made = [blend(self.neighbours, self.snapshot, people, self.request(people, **options)) for people in self.drawn]
        seconds = meter.read().wall / len(made)
        means = [[share.mean for share in made_list.shares] for made_list in made]
        popularity = mean(pick.track.popularity or 0.0 for made_list in made for pick in made_list.picks)
        print(f"{_row(name, means)}; popularity {popularity:.0f}; {seconds:.2f} s a list", flush=True)
        return made

    def plain(self) -> None:
        """Print how satisfied people are with tracks drawn at random, and with the most popular ones."""
        rng = np.random.default_rng(SEED)
        tables: list[Floats] = [
            satisfactions(self.neighbours, self.snapshot, people, self.request(people)) for people in self.drawn
        ]
        for name, rows in (
            ("at random", [rng.choice(len(table), LENGTH, replace=False) for table in tables]),
            ("popularity", [np.arange(LENGTH) for _ in tables]),
        ):
            print(_row(name, [table[drawn].mean(axis=0).tolist() for table, drawn in zip(tables, rows, strict=True)]))


def collaborations(snapshot: Snapshot) -> dict[str, Group]:
    """Return by file the people of each collaborative playlist, and those of the longest cut to :data:`UNEVEN`."""
    found = {}
    for path in sorted((DATA / "exportify").glob("collab_*.csv")):
        theirs: dict[str, list[Track]] = {}
        file = recognise(path)
        assert isinstance(file, PlaylistFile)
        for row in file.read(path.name, datetime.now(UTC), None):
            if isinstance(row, Row) and row.track and row.added_by:
                theirs.setdefault(row.added_by, []).append(_known(snapshot, row.track))
        busiest = sorted(theirs.items(), key=lambda person: -len(person[1]))[:MOST_PEOPLE]
        found[path.stem] = [Listener(name, name, tuple(tracks)) for name, tracks in busiest]
    longest = max(found.values(), key=lambda people: sum(len(person.tracks) for person in people))
    cut = [replace(person, tracks=person.tracks[:most]) for person, most in zip(longest, UNEVEN, strict=False)]
    return found | {f"cut to {UNEVEN}": cut}


def _known(snapshot: Snapshot, track: Track) -> Track:
    ref = snapshot.find(track.id)
    return track if ref is None else merged(track, snapshot.track(ref))


def collaborative(bench: Bench, found: dict[str, Group]) -> list[tuple[str, bool]]:
    """Print how satisfied the people of each collaborative file are, by method; return what the fair lists promise."""
    targets = []
    for name, people in found.items():
        for own_tracks, options in (("left out", {}), ("allowed", {"known": ()})):
            request = bench.request(people, **options)
            fair, misery = (
                blend(bench.neighbours, bench.snapshot, people, replace(request, method=method))
                for method in (Method.FAIR, Method.LEAST_MISERY)
            )
            tracks = [len(person.tracks) for person in fair.people]
            print(f"{name}, people of {tracks} tracks, {own_tracks}", flush=True)
            table = satisfactions(bench.neighbours, bench.snapshot, fair.people, request)
            drawn = np.random.default_rng(SEED).choice(len(table), LENGTH, replace=False)
            at_random = shares(table, [Choice(row, 0) for row in drawn])
            lists = {"fair": fair.shares, "average": fair.average, "least misery": misery.shares, "random": at_random}
            for kind, got in lists.items():
                print(_line(kind, got, fair.average))
            targets.append((f"{name}, {own_tracks}: fair is no worse than it must be", _promised(fair)))
    return targets


def _line(kind: str, got: Sequence[Share], average: Sequence[Share]) -> str:
    gains = [round(100 * share.mean) - round(100 * plain.mean) for share, plain in zip(got, average, strict=True)]
    everybody, least = mean(share.mean for share in got), min(share.mean for share in got)
    return (
        f"  {kind:<12} least satisfied {least:.3f}, everybody {everybody:.3f}, worst track {_worst(got):.3f}; "
        f"beside the average {sum(gain > 0 for gain in gains)} have more, {sum(gain < 0 for gain in gains)} less"
    )


def _promised(made: Blend) -> bool:
    """Tell whether nobody pays for a fair list in vain: see the exit code above."""
    has, plain = ([round(share.mean, 4) for share in given] for given in (made.shares, made.average))
    for_somebody = has == plain or any(share > before for share, before in zip(has, plain, strict=True))
    return min(has) >= min(plain) and _worst(made.shares) >= _worst(made.average) and for_somebody


def _worst(got: Sequence[Share]) -> float:
    return min(share.least for share in got)


def _row(name: str, means: Sequence[Sequence[float]]) -> str:
    everybody, least = mean(share for group in means for share in group), mean(min(group) for group in means)
    return f"  {name:<32} everybody {everybody:.3f}, the least satisfied {least:.3f}"


def _kept_out(made: Blend, request: BlendRequest) -> bool:
    """Tell whether the list holds no track that the request rules out."""
    known = {track.id for track in request.known}
    artists = Counter(pick.track.artists[0] for pick in made.picks if pick.track.artists)
    return max(artists.values()) <= request.artist_cap and not any(
        caught(pick.track, request.guards)
        or is_out_of_length(pick.track, request.shortest_s, request.longest_s)
        or pick.track.id in known
        for pick in made.picks
    )


def main() -> int:
    """Print the methods side by side and the effect of each option; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--groups", type=int, default=8)
    arguments = options.parse_args()
    meter, neighbours = Meter(), Neighbours(ArtistEmbedding.load(artefacts.active("artists")))
    with full_catalogue() as var:
        snapshot = Catalogue(var / "catalogue").current()
        bench = Bench(neighbours, snapshot, groups(snapshot, arguments.groups))
        print(f"{arguments.groups} groups of {PEOPLE}, {LENGTH} tracks each, {len(snapshot)} tracks to choose from")
        bench.plain()
        fair = {method: bench.lists(method.value, method=method) for method in Method}[Method.FAIR]
        bench.lists("fair, novelty 1", novelty=1.0)
        filters = {"guards": dict.fromkeys(GUARDS, True), "shortest_s": SHORTEST, "longest_s": LONGEST}
        filtered = bench.lists("fair, all filters", **filters)
        print(f"    left out: {dict(sum((Counter(kept.left_out) for kept in filtered), Counter()))}")
        weighted = bench.lists(f"fair, weights {WEIGHTS}", weights=WEIGHTS)
        more = collaborative(bench, collaborations(snapshot))
    first, first_weighted = (mean(made.shares[0].mean for made in lists) for lists in (fair, weighted))
    targets = [
        *more,
        ("held-out playlists: fair is no worse than it must be", all(map(_promised, fair))),
        (
            f"the first has {first_weighted:.3f} where they count most, and {first:.3f} where all count alike",
            first_weighted > first,
        ),
        (
            "what is to stay out stays out",
            all(
                _kept_out(made, bench.request(people, **filters))
                for made, people in zip(filtered, bench.drawn, strict=True)
            ),
        ),
    ]
    return finish(meter, str(SEED), targets)


if __name__ == "__main__":
    raise SystemExit(main())
