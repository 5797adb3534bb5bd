"""Sorting genre names into families: scores on 300 checked names against baselines, and the cost of a name.

    python -m bench.taxonomy [--make]

With --make a new taxonomy is made from TASTEMAP_DATA (default ../shared/data) and compared with the served one; this
takes about a minute. Nothing is random. Exit code 1 if a family has no name, or if a baseline finds at least as many
right families.
"""

import argparse

from bench._cost import DATA, Meter, call_times, finish
from ml import artefacts
from ml.taxonomy.model import Taxonomy
from ml.taxonomy.train import train as training
from ml.taxonomy.train.scores import OURS, SAMPLES, read_sample


def main() -> int:
    """Print the tables and the cost; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--make", action="store_true", help="make a new taxonomy and count the names that differ")
    arguments = options.parse_args()
    meter = Meter()
    results = training.evaluate(DATA, artefacts.MODELS)["checked"]
    taxonomy = Taxonomy.active()
    reached = {taxonomy.predict(name).family for name in taxonomy.names}
    names = list(read_sample(SAMPLES[0]))
    print("\nplacing a listed name:", call_times(taxonomy.predict, names))
    print("placing another name: ", call_times(taxonomy.without(names).predict, names))
    if arguments.make:
        made = training.fit(DATA, taxonomy.version)
        print(f"made anew: {sum(made.predict(name) != taxonomy.predict(name) for name in made.names)} names differ")
    plain = max(one.right_family for way, one in results.items() if not way.startswith(OURS))
    targets = [
        (f"each of {len(taxonomy.families)} families has a name", reached == set(taxonomy.families)),
        ("more right families than any baseline", results[OURS].right_family > plain),
    ]
    return finish(meter, "none, nothing is drawn", targets)


if __name__ == "__main__":
    raise SystemExit(main())
