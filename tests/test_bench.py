"""How a benchmark ends: what it cost, which targets it met, and an exit code that tells."""

import pytest

from bench._cost import Meter, call_times, finish


def test_a_missed_target_is_named_and_makes_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert finish(Meter(), "1", [("fast", True)]) == 0
    assert finish(Meter(), "1 to 3", [("fast", True), ("small", False)]) == 1
    said = capsys.readouterr().out
    assert "seeds: 1 to 3; " in said
    assert "of CPU), peak " in said
    assert said.endswith("met: fast\nmissed: small\n")


def test_calls_are_timed_one_by_one() -> None:
    asked: list[int] = []
    assert call_times(asked.append, range(5)).endswith("(5 calls)")
    assert asked == [0, 1, 2, 3, 4]
