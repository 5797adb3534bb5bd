"""Write the types of the API that the page is checked with: ``python -m tools.api_types``, or ``make types``.

They are made from the OpenAPI description by ``openapi-typescript``, one of the page's packages.
``tests/test_api_types.py`` fails if they are out of date.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

from config import ROOT
from tools.tables import openapi

TYPES = ROOT / "frontend" / "src" / "api" / "types" / "schema.d.ts"
_GENERATOR = ROOT / "frontend" / "node_modules" / ".bin" / "openapi-typescript"


def generate() -> str:
    """Return the types as TypeScript.

    Raises
    ------
    FileNotFoundError
        The page's packages are not installed.
    subprocess.CalledProcessError
        The description is not one that the generator takes.
    """
    with tempfile.TemporaryDirectory() as folder:
        description, types = Path(folder) / "openapi.json", Path(folder) / "schema.d.ts"
        description.write_text(json.dumps(openapi()))
        # What has a default may be left out of a request.
        options = ["--default-non-nullable=false", "--output", str(types)]
        subprocess.run([_GENERATOR, description, *options], check=True, capture_output=True)
        return types.read_text()


if __name__ == "__main__":
    TYPES.write_text(generate())
