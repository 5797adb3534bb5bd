"""What is read twice a second at most."""

import pytest

from store import recent
from store.recent import Recent


def test_it_is_read_again_after_half_a_second_or_when_it_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    now, answers = 1000.0, iter([1, 2, 3])
    monkeypatch.setattr(recent.time, "monotonic", lambda: now)
    known = Recent(lambda: next(answers))
    assert [known(), known()] == [1, 1]
    now += recent._SECONDS
    assert [known(), known()] == [2, 2]
    known.forget()
    assert known() == 3
    known.forget()
    with pytest.raises(StopIteration):
        known()  # a fault is passed on, and not kept for an answer
