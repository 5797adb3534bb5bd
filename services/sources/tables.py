"""Imports public tables of tracks from web addresses."""

from urllib.parse import urlsplit

from etl.imports.reading.download import file_name, is_loopback
from services.container import Services
from services.errors import invalid_value
from services.runs import RunView, start_runs
from store.runs import Run


def bring_table(services: Services, address: str, owner: str) -> RunView:
    """Start importing the table at ``address`` into the catalogue.

    Raises ServiceError 422 for an address that is not https, TooManyRuns. Addresses of the machine itself may be http,
    but are refused behind a proxy.
    """
    is_local = is_loopback(address)
    schemes = {"https", "http"} if is_local else {"https"}
    if (is_local and services.config.behind_proxy) or urlsplit(address).scheme.lower() not in schemes:
        raise invalid_value("That is not an https address of the public internet.", "Such as https://example.org/a.csv")
    run = Run(kind="table", name=file_name(address), owner=owner, source=address, by_operator=True, large=True)
    return start_runs(services, run)[0]
