"""Downloads a table from the web: only by https, limited in size and time, and atomically."""

import ipaddress
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.connectionpool import HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from etl.deadline import BoundedAdapter, BoundedSecureConnection, OversizedAnswerError, bounded
from store.disk import replacing
from store.runs import ImportProblem

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_BYTES = 2_000_000_000
_CONNECT_SECONDS, _READ_SECONDS = 10, 60
MAX_SECONDS = 3600  # for the whole download, because other imports wait for it
_REDIRECTS = 5
_BLOCK = 1 << 18
_HTTPS_HINT = "Give an https:// address, or download the file and import it from its path."


def is_url(source: Path | str) -> bool:
    """Return whether ``source`` is a web address rather than a path."""
    return isinstance(source, str) and re.match(r"https?://", source, re.IGNORECASE) is not None


def file_name(url: str) -> str:
    """Return the last part of the address's path as a safe file name."""
    return re.sub(r"[^\w.-]+", "_", urlsplit(url).path.rsplit("/", 1)[-1]).strip(".") or "table"


def download(url: str, folder: Path, report: Callable[[int, int | None], None], *, allow_private: bool = False) -> Path:
    """Fetch ``url`` into ``folder`` and return the file, which exists only when it is complete.

    ``report`` is called with the bytes so far and the bytes in all (None if the server does not say). Unless
    ``allow_private``, addresses outside the public internet are refused, also if a name or a redirect leads there.
    Loopback is allowed in ``url`` itself, but not by a redirect.

    Raises ImportProblem if the address is not https (http is allowed on loopback) or is private; the answer is not 200;
    the file has more than MAX_BYTES or takes longer than MAX_SECONDS; or the connection fails, stalls or ends early.
    """
    until = time.monotonic() + MAX_SECONDS
    folder.mkdir(parents=True, exist_ok=True)
    try:
        target = folder / file_name(url)
        with (
            bounded(MAX_SECONDS, 2 * MAX_BYTES),
            requests.Session() as session,
            _opened(session, url, allow_private) as response,
        ):
            total = _checked_length(response)
            done = 0
            with replacing(target) as file:
                # read1 does not wait for a full block, so the time limit also holds for a server that sends slowly.
                while block := response.raw.read1(_BLOCK, decode_content=True):
                    file.write(block)
                    done += len(block)
                    if done > MAX_BYTES:
                        raise _too_large(url)
                    report(done, total)
    except OversizedAnswerError as error:
        raise _too_large(url) from error
    except (requests.RequestException, HTTPError, ValueError) as error:  # ValueError: no address, or no length
        if time.monotonic() > until:
            raise _too_slow(url) from error
        raise ImportProblem("download_failed", f"{url} could not be fetched: {error}", "Try again later.") from error
    return target


def _opened(session: requests.Session, url: str, allow_private: bool) -> requests.Response:
    """Follow redirects one by one, so that none of them leaves https or the public internet."""
    loopback = is_loopback(url)
    session.mount("http://", BoundedAdapter())
    # If this machine uses a web proxy, the proxy connects and must check the addresses.
    session.mount("https://", BoundedAdapter() if allow_private or loopback else _PublicOnly())
    for _ in range(_REDIRECTS + 1):
        if not (urlsplit(url).scheme.lower() == "https" or (loopback and is_loopback(url))):
            raise ImportProblem("not_https", f"{url} is not an https address.", _HTTPS_HINT)
        if not allow_private and not loopback and (address := _literal(url)) and not address.is_global:
            raise _private(urlsplit(url).hostname or "", address)
        response = session.get(url, stream=True, allow_redirects=False, timeout=(_CONNECT_SECONDS, _READ_SECONDS))
        if not response.is_redirect:
            break
        url = urljoin(url, response.headers["location"])
        response.close()
    if response.status_code != requests.codes.ok:
        response.close()
        raise ImportProblem("download_failed", f"{url} answered {response.status_code}.", "Check the address.")
    return response


class _PublicConnection(BoundedSecureConnection):
    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        address = ipaddress.ip_address(connected.getpeername()[0].partition("%")[0])
        if not (getattr(address, "ipv4_mapped", None) or address).is_global:
            connected.close()
            raise _private(self.host, address)
        return connected


def _private(host: str, address: Address) -> ImportProblem:
    return ImportProblem(
        "private_address",
        f"{host} is {address}, which is not an address of the public internet.",
        "Only whoever runs this server may use it. On the server: python -m etl import --allow-private URL",
    )


class _PublicPool(HTTPSConnectionPool):
    ConnectionCls = _PublicConnection


class _PublicOnly(BoundedAdapter):
    """Connects only to public addresses: it checks the address that was looked up, and connects to that one."""

    pools: ClassVar = {"https": _PublicPool}


def is_loopback(url: str) -> bool:
    address = _literal(url)
    return address.is_loopback if address else urlsplit(url).hostname == "localhost"


def _literal(url: str) -> Address | None:
    """Return the IP address in ``url``, None if it has a name."""
    try:
        return ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return None


def _checked_length(response: requests.Response) -> int | None:
    # With a content encoding, the header states the length of the encoded bytes, not of the file.
    if "content-length" not in response.headers or "content-encoding" in response.headers:
        return None
    total = int(response.headers["content-length"])
    if total > MAX_BYTES:
        raise _too_large(response.url)
    return total


def _too_slow(url: str) -> ImportProblem:
    what = f"{url} has not been fetched within {MAX_SECONDS // 60} minutes."
    return ImportProblem("too_slow", what, "Download the file and import it from its path.")


def _too_large(url: str) -> ImportProblem:
    return ImportProblem("too_large", f"{url} is larger than {MAX_BYTES // 10**9} GB.", "Split the table into parts.")
