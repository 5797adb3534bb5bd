"""The base class of all errors that a person sees, and the errors of the database."""

_ON_THE_SERVER = "On the server:"


def in_words(hint: str) -> str:
    """Return a hint for the page: without the command at its end, which follows "On the server:"."""
    words, command, _ = hint.partition(_ON_THE_SERVER)
    return words.strip() or ("Whoever runs this server can do this there." if command else "")


class TastemapError(Exception):
    """Something went wrong that a person can act on.

    Parameters
    ----------
    message : str
        What went wrong, one sentence.
    hint : str
        What the reader can do about it; may be empty. A command comes at its end, after "On the server:"; the page
        leaves it out (:func:`in_words`).
    code : str, optional
        A name for programs, of lower-case letters and underscores; by default that of the class.
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
    """The database refused an operation or failed."""

    code = "store_down"


class StoreFull(StoreError):  # noqa: N818 - a state, which the routes answer with 507
    """The disk of the database is full."""

    code = "disk_full"


class StoreDown(StoreError):  # noqa: N818 - a state, which the routes answer with 503
    """The database does not answer."""
