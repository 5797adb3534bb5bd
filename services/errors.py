"""The error of a use case: its message, and the HTTP status that fits."""

from functools import partial
from typing import Any

from store.errors import TastemapError


class ServiceError(TastemapError):
    """A use case has no answer to give.

    Parameters
    ----------
    status : int
        The HTTP status that fits, 400 to 599.
    code : str
        A name for programs, of lower-case letters and underscores.
    message : str
        What went wrong, one sentence.
    hint : str
        What the reader can do about it; empty where there is nothing to do.
    **details
        Further members of the error object, such as ``candidates``.
    """

    def __init__(self, status: int, code: str, message: str, hint: str = "", **details: Any) -> None:
        super().__init__(message, hint, code=code)
        self.status = status
        self.details = details


bad_request = partial(ServiceError, 400, "bad_request")
not_yours = partial(ServiceError, 403, "not_yours")
not_found = partial(ServiceError, 404, "not_found")
invalid_value = partial(ServiceError, 422, "invalid_value")
no_features = partial(ServiceError, 422, "no_features")
