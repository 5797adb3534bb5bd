"""Removes the package indexes from Pipfile.lock, so that an installation uses the machine's own index."""

import json
from pathlib import Path

LOCK = Path("Pipfile.lock")


def main() -> None:
    lock = json.loads(LOCK.read_text())
    lock["_meta"]["sources"] = []
    LOCK.write_text(json.dumps(lock, indent=4, sort_keys=True) + "\n")
    print(f"{LOCK} holds no index address.")


if __name__ == "__main__":
    main()
