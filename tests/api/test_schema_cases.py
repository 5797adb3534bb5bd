"""Generated requests to each operation: every answer is described (python -m tools.schemathesis sends more)."""

from pathlib import Path

from tools.schemathesis import try_all

EXAMPLES = 6


def test_every_answer_to_generated_requests_is_described(database_uri: str, tmp_path: Path) -> None:
    report = try_all(tmp_path, database_uri, EXAMPLES)
    assert not report.faults, "\n\n".join(f"{key}\n{text}" for key, text in report.faults.items())
    assert len(report.cases) > 60
    assert sum(report.cases.values()) > 300
