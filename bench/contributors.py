"""Who added a track: scores of the network and of chance, majority, nearest neighbours and boosters; query cost.

    python -m bench.contributors [--seed 1] [--several]

It reads one listener's likes in TASTEMAP_DATA (default ../shared/data); with --several also a playlist of many people,
which takes some minutes. The target: the network's ROC AUC is at least 0.02 above that of a booster on the audio
features, or it is at most 0.005 below that of a booster on the same inputs and training takes half as long. Exit code 1
if neither is so.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from bench._cost import DATA, Meter, call_times, finish
from ml import artefacts
from ml.contributors.model import Contributors
from ml.contributors.train import train as contributors
from ml.contributors.train.data import read_likes
from ml.contributors.train.network import fit
from ml.contributors.train.settings import read
from ml.registry import ModelRegistry

QUERIES = 200
GAIN, AS_GOOD, FASTER = 0.02, 0.005, 2.0  # see the target above


def query_cost() -> str:
    """Train once on all likes; return the cost of a query, which builds a track's inputs and runs the network."""
    settings, added = read(), read_likes(DATA)
    reader = contributors.reader_of(ModelRegistry(), settings.inputs)
    tracks = added.tracks(reader)
    made = fit(tracks, len(added.people), settings, lambda: None)
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder)
        written = contributors.artefact_settings(made, reader, added, "bench", settings)
        files = contributors.save(made, models / "contributors" / "bench", written, tracks)
        artefacts.register("contributors", "bench", files, models)
        model = Contributors.load(models / "contributors" / "bench")
    return call_times(lambda track: model.predict(reader.blocks([track])), added.inputs[:QUERIES])


def main() -> int:
    """Print the tables and the cost; return the exit code given above."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--several", action="store_true", help="score it on a playlist of many people, too")
    arguments = options.parse_args()
    meter, settings = Meter(), read(options={"seed": arguments.seed})
    try:
        found = contributors.study(DATA, artefacts.MODELS, settings, print, ablate=False, several=arguments.several)
    except FileNotFoundError as missing:
        print(f"bench: {missing}", file=sys.stderr)
        return 2
    audio, same = (found.differences[name][0] for name in (contributors.BOOSTER, contributors.BOOSTER_ALL))
    ratio = found.table[contributors.BOOSTER_ALL].seconds / found.table[contributors.NETWORK].seconds
    said = found.probably
    print(f"says probably of {said['answered']:.0%} of the tracks, {said['right']:.0%} of them rightly")
    print("one query:", query_cost())
    target = f"ROC AUC {audio:+.3f} against a booster on audio, at least {GAIN}; or on the same inputs {same:+.3f} and "
    target += f"{ratio:.1f} times as fast, at least -{AS_GOOD} and {FASTER:.0f} times"
    return finish(meter, str(arguments.seed), [(target, audio >= GAIN or (same >= -AS_GOOD and ratio >= FASTER))])


if __name__ == "__main__":
    sys.exit(main())
