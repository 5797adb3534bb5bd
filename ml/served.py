"""A cache of the loaded models of one process, bounded in number; different models are loaded in parallel."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

Model = TypeVar("Model")


class ServedModels:
    """Models by name; above ``limit``, the least recently used ones are dropped."""

    def __init__(self, limit: int = 24) -> None:
        self._limit = limit
        self._stamp: object = None
        self._models: OrderedDict[str, Any] = OrderedDict()
        self._loading: dict[str, Lock] = {}
        self._lock = Lock()

    def get(self, name: str, stamp: object, load: Callable[[], Model]) -> Model:
        """Return the model called ``name``, from memory or from ``load``, whose exceptions are passed on.

        ``stamp`` stands for the state of the registry; when it changes, all models are dropped.
        """
        with self._lock:
            if stamp != self._stamp:
                self._stamp, self._models, self._loading = stamp, OrderedDict(), {}
            if name in self._models:
                self._models.move_to_end(name)
                known: Model = self._models[name]
                return known
            loading = self._loading.setdefault(name, Lock())
        with loading:
            with self._lock:
                if stamp == self._stamp and name in self._models:
                    loaded: Model = self._models[name]
                    return loaded
            model = load()
            self._keep(name, stamp, model)
            return model

    def _keep(self, name: str, stamp: object, model: Any) -> None:
        with self._lock:
            if stamp != self._stamp:  # the registry has changed while this model was loaded
                return
            self._models[name] = model
            self._loading.pop(name, None)
            while len(self._models) > self._limit:
                self._models.popitem(last=False)
