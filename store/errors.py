"""The root of all errors that a person is told about."""

from __future__ import annotations


class TastemapError(Exception):
    """Something went wrong that a person can act on.

    Parameters
    ----------
    message : str
        What went wrong, one sentence.
    hint : str
        What the reader can do about it; empty where there is nothing to do.
    code : str, optional
        A name for programs, of lower-case letters and underscores; that of the class if it is not given.
    """

    code: str = "error"

    def __init__(self, message: str, hint: str = "", *, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code:
            self.code = code
