"""Who added it: the network beside chance, majority, nearest neighbours and tuned boosters, and what asking costs.

    python -m bench.contributors [--seed 1] [--several]

Reads one listener's likes in TASTEMAP_DATA (default ../shared/data); with --several a playlist of many people, too,
which takes some minutes. Exit code 1 where the network is neither 0.02 of ROC AUC above the booster's own (on the audio
features) nor within 0.005 of the booster on the same inputs at half of its training time; both are printed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench._cost import DATA, Meter, call_times, finish
from ml import artefacts
from ml.contributors.model import Contributors
from ml.contributors.train import train as contributors
from ml.contributors.train.data import DataMissingError, read_likes
from ml.contributors.train.network import fit
from ml.contributors.train.settings import read
from ml.registry import ModelRegistry

ASKED = 200
GAIN, AS_GOOD, FASTER = 0.02, 0.005, 2.0  # of the issue: so much AUC above a booster, or as good and faster


def asking() -> str:
    """Train once on all likes and return what one question costs: reading the track, and the network."""
    settings, added = read(), read_likes(DATA)
    reader = contributors.reader_of(ModelRegistry(), settings.inputs)
    tracks = added.tracks(reader)
    made = fit(tracks, len(added.people), settings, lambda: None)
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder)
        written = contributors.described(made, reader, added, "bench", settings)
        files = contributors.save(made, models / "contributors" / "bench", written, tracks)
        artefacts.register("contributors", "bench", files, models)
        model = Contributors.load(models / "contributors" / "bench")
    return call_times(lambda one: model.predict(reader.blocks([one])), added.inputs[:ASKED])


def main() -> int:
    """Print the tables and the cost; see above for the exit code."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--several", action="store_true", help="score it on a playlist of many people, too")
    asked = options.parse_args()
    meter, settings = Meter(), read(options={"seed": asked.seed})
    try:
        found = contributors.study(DATA, artefacts.MODELS, settings, print, ablate=False, several=asked.several)
    except DataMissingError as missing:
        print(f"bench: {missing}", file=sys.stderr)
        return 2
    own, same = (found.differences[name][0] for name in (contributors.BOOSTER, contributors.BOOSTER_ALL))
    ratio = found.table[contributors.BOOSTER_ALL].seconds / found.table[contributors.NETWORK].seconds
    print(f"answers {found.not_sure['answered']:.0%} of the tracks, {found.not_sure['right']:.0%} of them rightly")
    print("ask about one track:", asking())
    told = f"ROC AUC {own:+.3f} beside a booster's own, which is to be {GAIN}; or on the same inputs {same:+.3f} and "
    told += f"{ratio:.1f} times as fast, which is to be -{AS_GOOD} and {FASTER:.0f} times"
    return finish(meter, str(asked.seed), [(told, own >= GAIN or (same >= -AS_GOOD and ratio >= FASTER))])


if __name__ == "__main__":
    sys.exit(main())
