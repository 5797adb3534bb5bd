"""Loaded models: bounded in number, loaded once, none waiting for another."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from ml.served import ServedModels


def test_a_model_is_loaded_once_until_the_registry_changes() -> None:
    models, loads = ServedModels(), []
    for stamp in (1, 1, 2):
        assert models.get("genre", stamp, lambda: loads.append(1) or "model") == "model"
    assert len(loads) == 2


def test_the_model_not_used_for_the_longest_time_goes() -> None:
    models, loads = ServedModels(limit=2), []

    def use(name: str) -> None:
        models.get(name, 1, lambda: loads.append(name))

    for name in ("a", "b", "a", "c", "a", "b"):
        use(name)
    assert loads == ["a", "b", "c", "b"]


def test_a_load_does_not_wait_for_the_load_of_another_model() -> None:
    models, begun, may_end = ServedModels(), Event(), Event()

    def slow() -> str:
        begun.set()
        assert may_end.wait(60)
        return "slow"

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(models.get, "slow", 1, slow)
        assert begun.wait(60)
        assert models.get("quick", 1, lambda: "quick") == "quick"
        assert not waiting.done()
        may_end.set()
        assert waiting.result(60) == "slow"


def test_two_requests_for_one_model_load_it_once() -> None:
    models, begun, may_end, loads = ServedModels(), Event(), Event(), []

    def slow() -> str:
        loads.append(1)
        begun.set()
        assert may_end.wait(60)
        return "model"

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(models.get, "genre", 1, slow)
        assert begun.wait(60)
        second = pool.submit(models.get, "genre", 1, slow)
        may_end.set()
        assert (first.result(60), second.result(60)) == ("model", "model")
    assert len(loads) == 1


def test_a_failed_load_is_tried_again() -> None:
    models = ServedModels()

    def broken() -> None:
        raise OSError("damaged")

    with pytest.raises(OSError, match="damaged"):
        models.get("genre", 1, broken)
    assert models.get("genre", 1, lambda: "mended") == "mended"
