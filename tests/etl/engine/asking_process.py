"""A process that asks: ``asking_process.py DATABASE SERVER VAR PER_SECOND ISRC...`` prints one status per question.

With "-" for the first ISRC it takes the lease on the second one and waits to be killed.
"""

import sys
from pathlib import Path

from config import Config
from etl.engine import Engine
from etl.engine.cache import answer_key
from etl.providers.base import Need, Rate
from store.database import Database
from tests.etl.engine.conftest import Provider, by_isrc


def main(uri: str, url: str, var: str, per_second: str, *isrcs: str) -> None:
    provider = Provider(rate=Rate(per_second=float(per_second)))
    database = Database(uri)
    config = Config(var=Path(var), source_urls={"invented": url})
    engine = Engine(database, config, providers={"invented": provider}, order={})
    if isrcs[0] == "-":
        key = answer_key(provider.about, Need.FEATURES, by_isrc(isrcs[1]))
        print(engine._cache.claim(key, Need.FEATURES, {}, 600.0), flush=True)
        sys.stdin.read()
    print("ready", flush=True)
    sys.stdin.readline()
    for isrc in isrcs:
        print(engine.ask("invented", Need.FEATURES, by_isrc(isrc)).status.value, flush=True)
    engine.close()
    database.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
