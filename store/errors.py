"""The root of all errors that a person sees, and those of the database."""


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

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class StoreError(TastemapError):
    """The database refused or broke something."""

    code = "store_down"


class StoreFull(StoreError):  # noqa: N818 - a state, which the routes answer with 507
    """The disk of the database is full."""

    code = "disk_full"


class StoreDown(StoreError):  # noqa: N818 - a state, which the routes answer with 503
    """The database does not answer."""
