"""Lists known vulnerabilities of the packages in use: ``make audit``.

pip-audit (installed in .tools/audit at the first call) reads the versions in Pipfile.lock, and npm those in
frontend/package-lock.json. Both send the names and versions to an advisory service. Exit code 1 if a vulnerability is
found, 2 if a service cannot be reached, so that nothing is known.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from config import ROOT

TOOL = ROOT / ".tools" / "audit"
FOUND, OUT_OF_REACH = 1, 2
_SECONDS = 300


def run(command: Sequence[str], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command and return its result; its exit code is OUT_OF_REACH if it cannot run or takes too long."""
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as fault:
        return subprocess.CompletedProcess(command, OUT_OF_REACH, "", str(fault))


def requirements() -> list[str]:
    """Return every locked Python package once, as "name==version"."""
    lock = json.loads((ROOT / "Pipfile.lock").read_text("utf-8"))
    packages = {
        f"{name}{entry['version']}"
        for part, of_part in lock.items()
        if part != "_meta"
        for name, entry in of_part.items()
    }
    return sorted(packages)


def audit_python() -> int:
    """Print the vulnerable Python packages; return 0, FOUND or OUT_OF_REACH."""
    program = TOOL / "bin" / "pip-audit"
    if not program.exists():
        made = run([sys.executable, "-m", "venv", str(TOOL)])
        made = run([str(TOOL / "bin" / "pip"), "install", "--quiet", "pip-audit"]) if made.returncode == 0 else made
        if made.returncode:
            return _unreached("Python", f"pip-audit could not be installed: {_last_line(made.stderr)}")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(requirements()))
        file.flush()
        found = run([str(program), "--no-deps", "--disable-pip", "--format", "json", "-r", file.name])
    report = _json(found.stdout)
    if "dependencies" not in report:
        return _unreached("Python", _last_line(found.stderr))
    faults = [
        f"{package['name']} {package['version']}: {fault['id']}, fixed in {', '.join(fault['fix_versions']) or 'none'}"
        for package in report["dependencies"]
        for fault in package.get("vulns", ())
    ]
    return _say("Python", len(report["dependencies"]), faults)


def audit_page() -> int:
    """Print the page's vulnerable packages; return 0, FOUND or OUT_OF_REACH."""
    found = run(["npm", "audit", "--json"], ROOT / "frontend")
    report = _json(found.stdout)
    if "vulnerabilities" not in report:
        reason = report.get("message") or report.get("error", {}).get("summary") or _last_line(found.stderr)
        return _unreached("page", str(reason))
    faults = [f"{name}: {fault['severity']}, {fault['range']}" for name, fault in report["vulnerabilities"].items()]
    return _say("page", report["metadata"]["dependencies"]["total"], faults)


def _say(what: str, count: int, faults: Sequence[str]) -> int:
    print(f"{what}: {count} packages, {len(faults)} known vulnerabilities")
    for fault in faults:
        print(f"  {fault}")
    return FOUND if faults else 0


def _unreached(what: str, reason: str) -> int:
    print(f"{what}: NOT audited, the advisory service is out of reach: {reason}")
    return OUT_OF_REACH


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no reason was given"


def main() -> int:
    outcomes = {audit_python(), audit_page()}
    return FOUND if FOUND in outcomes else max(outcomes)


if __name__ == "__main__":
    sys.exit(main())
