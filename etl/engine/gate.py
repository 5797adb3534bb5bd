"""The HTTP session for all requests to sources; each request first waits for its turn in the source's bucket."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, IncompleteRead, ProtocolError, ReadTimeoutError

from etl.deadline import BoundedAdapter, OversizedAnswerError, bounded
from etl.engine.bucket import Bucket, GateFault
from etl.engine.clock import Clock
from etl.providers.base import FaultKind

MAX_BODY_BYTES = 10 * 1024 * 1024
# The limit of transferred bytes: besides the body there are headers, chunk lines and perhaps badly compressed data.
_MAX_SENT_BYTES = 2 * MAX_BODY_BYTES
_CONNECT_S = 5.0
_ANSWER_S = 20.0
_RETRIES = 2
_REDIRECTS = 3
_QUOTA = b"QUOTA_EXCEEDED"
# Pause after a source says that its quota is used up but not until when.
_QUOTA_PAUSE_S = 3600.0


class GatedSession(requests.Session):
    """A session of one credential of one source. See :mod:`etl.engine` for what it raises.

    ``within_s`` limits each request with its waiting; ``until`` (a time of ``clock.monotonic``) all of them. A GET
    is sent again after a pause that ends in time, and once after a broken connection. ``adapter`` holds the
    connections and outlives the session.
    """

    def __init__(
        self,
        title: str,
        bucket: Bucket,
        adapter: BoundedAdapter,
        agent: str,
        clock: Clock,
        *,
        within_s: float,
        until: float | None = None,
    ) -> None:
        super().__init__()
        self.mount("https://", adapter)
        self.mount("http://", adapter)
        self.headers["User-Agent"] = agent
        self.max_redirects = _REDIRECTS
        self.auth = lambda request: request  # otherwise requests would send credentials from a .netrc
        self._title = title
        self.bucket = bucket
        self._clock = clock
        self._within_s = within_s
        self._until = until
        self._end: float | None = None

    def close(self) -> None:
        """Do nothing: the engine closes the connections (spotipy closes a session that it was given)."""

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        if self._end is not None:  # a redirect: requests sends it from inside the request that led to it
            return self._send_once(request, self._end, kwargs)
        now = self._clock.monotonic()
        end = self._end = now + self._within_s if self._until is None else self._until
        try:
            return self._send_with_retries(request, end, kwargs)
        finally:
            self._end = None

    def _send_with_retries(
        self, request: requests.PreparedRequest, end: float, kwargs: Mapping[str, Any]
    ) -> requests.Response:
        for retry in range(_RETRIES + 1):
            try:
                return self._send_once(request, end, kwargs)
            except GateFault as fault:
                soon = self._clock.monotonic() + (fault.retry_after_s or 0.0) < end
                if request.method != "GET" or retry == _RETRIES or not fault.again or not soon:
                    raise
        raise AssertionError("the last try returns or raises")

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        try:
            target = super().get_redirect_target(resp)
            netloc = urlsplit(target or "").netloc
        except ValueError as fault:
            resp.close()
            raise GateFault(FaultKind.GARBLED, f"{self._title} redirects to an invalid address.") from fault
        if netloc not in {"", urlsplit(resp.url).netloc}:
            resp.close()
            raise GateFault(FaultKind.GARBLED, f"{self._title} redirects to another server, which is not followed.")
        if target and self._end is not None:
            self._read(resp, self._end)  # requests would read it without a limit
        return target

    def _send_once(self, request: requests.PreparedRequest, end: float, kwargs: Mapping[str, Any]) -> requests.Response:
        self.bucket.take(end - self._clock.monotonic())
        left_s = end - self._clock.monotonic()
        if left_s <= 0.0:
            raise GateFault(FaultKind.LIMITED, f"No time was left for a request to {self._title}.", retry_after_s=0.0)
        timeout = (min(_CONNECT_S, left_s), min(_ANSWER_S, left_s, _read_timeout(kwargs.get("timeout"))))
        try:
            with bounded(left_s, _MAX_SENT_BYTES):
                response = super().send(request, **{**kwargs, "stream": True, "timeout": timeout})
            if not response._content_consumed:  # type: ignore[attr-defined]  # a redirect was read on its way
                self._read(response, end)
        except (requests.Timeout, ReadTimeoutError) as fault:
            raise GateFault(FaultKind.UNREACHABLE, f"{self._title} did not answer in time.") from fault
        except OversizedAnswerError as fault:
            raise self._too_large() from fault
        except requests.TooManyRedirects as fault:
            raise GateFault(FaultKind.GARBLED, f"{self._title} redirects in a circle.") from fault
        except (requests.ConnectionError, ProtocolError, IncompleteRead) as fault:
            raise GateFault(
                FaultKind.UNREACHABLE,
                f"{self._title} cannot be reached: there was no connection, or it broke off.",
                "Tastemap tries again by itself. If no source can be reached, check this machine's network.",
                again=True,
            ) from fault
        except (requests.exceptions.ContentDecodingError, HTTPError) as fault:
            raise GateFault(FaultKind.GARBLED, f"{self._title} sent an answer that cannot be unpacked.") from fault
        except requests.RequestException as fault:
            raise GateFault(FaultKind.UNREACHABLE, f"The address of {self._title} cannot be used.") from fault
        theirs = _date(response.headers.get("Date", ""))
        if theirs is not None:
            self.bucket.note_clock(theirs)
        self._judge(response)
        return response

    def _read(self, response: requests.Response, end: float) -> None:
        """Read the body in chunks, with a limit on its size and on the time."""
        body = bytearray()
        while chunk := response.raw.read1(65_536, decode_content=True):
            body += chunk
            if len(body) > MAX_BODY_BYTES:
                response.close()
                raise self._too_large()
            if self._clock.monotonic() >= end:
                response.close()
                raise GateFault(FaultKind.UNREACHABLE, f"{self._title} did not answer in time.")
        response.encoding = "utf-8"  # all send JSON; a stated encoding such as punycode could take hours to decode
        response._content = bytes(body)
        response._content_consumed = True  # type: ignore[attr-defined]
        response.raw.release_conn()

    def _too_large(self) -> GateFault:
        return GateFault(FaultKind.GARBLED, f"{self._title} sent more than {MAX_BODY_BYTES >> 20} MB.")

    def _judge(self, response: requests.Response) -> None:
        status = response.status_code
        if status in {429, 503}:
            quota = _QUOTA in response.content
            named_s = retry_after_s(response.headers.get("Retry-After", ""), self._clock)
            why = "its quota is used up" if quota else "it got too many requests" if status == 429 else "it is too busy"
            pause_s = self.bucket.note_limit(why, _QUOTA_PAUSE_S if quota and named_s is None else named_s)
            raise GateFault(
                FaultKind.LIMITED,
                f"{self._title} wants a pause: {why} ({status}).",
                "Nothing needs to be done; other sources are used meanwhile.",
                again=True,
                retry_after_s=pause_s,
                status=status,
                body=response.text[:500],
            )
        if status >= 500:
            raise GateFault(
                FaultKind.UNREACHABLE,
                f"{self._title} is out of order ({status}).",
                "Nothing needs to be done; Tastemap tries again later.",
                status=status,
                body=response.text[:500],
            )
        self.bucket.note_ok()


def retry_after_s(text: str, clock: Clock) -> float | None:
    """Return the seconds of a Retry-After header (a number or an HTTP date); None if it is neither."""
    try:
        seconds = float(text)
        return seconds if math.isfinite(seconds) and seconds >= 0 else None
    except ValueError:
        pass
    moment = _date(text)
    return clock.until(moment) if moment is not None else None


def _date(text: str) -> datetime | None:
    """Return the time of an HTTP date; None if it is not one."""
    try:
        moment = parsedate_to_datetime(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment.timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return moment


def _read_timeout(timeout: Any) -> float:
    """Return the seconds that a client library waits for an answer; ``timeout`` is a number, or (connect, read)."""
    read = timeout[1] if isinstance(timeout, tuple) else timeout
    return float(read) if read is not None else math.inf
