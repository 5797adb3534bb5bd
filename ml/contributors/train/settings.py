"""The settings of a training run: those of a TOML file, overridden by the options of a request."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import keras

from ml.contributors.model import INPUTS, SCALINGS
from ml.jobs import BadOption

DEFAULT = Path(__file__).with_name("settings.toml")
_MOST_LAYERS, _MOST_UNITS = 6, 1024


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings; ``settings.toml`` explains each."""

    layers: tuple[int, ...]
    activation: str
    input_dropout: float
    dropout: float
    learning_rate: float
    weight_decay: float
    batch: int
    epochs: int
    patience: int
    inputs: tuple[str, ...]
    one_hot: bool
    scaling: str
    folds: int
    members: int
    probable: float
    least_tracks: int
    most_people: int
    seed: int

    @property
    def trainings(self) -> int:
        """Number of networks that a scored run trains."""
        return (self.folds + 1) * self.members

    def describe(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in asdict(self).items())


def read(path: Path = DEFAULT, options: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings of a TOML file, overridden by ``options``. The names of the file's tables have no meaning.

    Raises ml.jobs.BadOption if an option does not exist, has the wrong type, or is out of bounds.
    """
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    given = {name: value for table in tables.values() for name, value in table.items()} | dict(options or {})
    known = {field.name for field in fields(Settings)}
    for name in given.keys() - known:
        raise BadOption(f"There is no option {name}.", f"The options are {', '.join(sorted(known))}.")
    for name, may in _MAY_BE.items():
        if not may(given[name]):
            raise BadOption(f"{name} cannot be {given[name]!r}.", f"See {path.name} for the values it takes.")
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return Settings(**values)


def _number(low: float, high: float) -> Any:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _whole(low: int, high: int) -> Any:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _layers(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) <= _MOST_LAYERS and all(map(_whole(1, _MOST_UNITS), value))


def _inputs(value: Any) -> bool:
    return isinstance(value, list) and 0 < len(value) == len(set(map(str, value))) and set(map(str, value)) <= {*INPUTS}


def _activation(value: Any) -> bool:
    return isinstance(value, str) and value.isidentifier() and callable(getattr(keras.activations, value, None))


_MAY_BE = {
    "layers": _layers,
    "activation": _activation,
    "input_dropout": _number(0, 0.9),
    "dropout": _number(0, 0.9),
    "learning_rate": _number(1e-6, 1),
    "weight_decay": _number(0, 1),
    "batch": _whole(1, 4096),
    "epochs": _whole(1, 1000),
    "patience": _whole(1, 1000),
    "inputs": _inputs,
    "one_hot": lambda value: isinstance(value, bool),
    "scaling": SCALINGS.__contains__,
    "folds": _whole(2, 10),
    "members": _whole(2, 10),
    "probable": _number(0, 1),
    "least_tracks": _whole(2, 10_000),
    "most_people": _whole(2, 20),
    "seed": _whole(0, 2**31),
}
