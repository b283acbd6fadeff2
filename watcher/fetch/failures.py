"""Every way a fetch fails becomes one FetchError whose message names the URL, what happened and what to do."""

from __future__ import annotations

import re

import httpcore
import httpx

from watcher.errors import FetchError
from watcher.fetch.headers import conflicting_lengths, opening_words
from watcher.model.capture import Outcome

ACCESS_STATUSES = frozenset({401, 403, 407, 451})
TRANSIENT_STATUSES = frozenset({408, 425, 429})
_LOGIN = re.compile(r"//[^/?#]*@")

FAILURES = (
    FetchError,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    httpx.InvalidURL,
    httpx.UnsupportedProtocol,
    UnicodeError,
)


def named_failure(error: Exception, url: str, *, start: bytes, proxy: str) -> FetchError:
    """The failure of one request for a URL. `start` are the first bytes that were answered.

    What httpcore says of a request that cannot be sent is not repeated: it quotes headers, and some are secret.
    """
    if isinstance(error, FetchError):
        return with_url(error, without_login(url))
    if isinstance(error, httpcore.RemoteProtocolError):
        return FetchError(_broken_words(error, url, start), outcome=Outcome.BROKEN_RESPONSE, transient=True)
    if isinstance(error, httpcore.NetworkError | httpcore.TimeoutException):
        through = f" through the proxy {proxy}" if proxy else ""
        message = f"{url} could not be reached{through}: {error}"
        return FetchError(message, outcome=Outcome.NETWORK_ERROR, transient=True)
    if isinstance(error, httpcore.LocalProtocolError):
        message = f"{url} cannot be asked for: its address or a header that goes with it holds a forbidden character"
        return FetchError(message, outcome=Outcome.DENIED, transient=False)
    return FetchError(f"{url} is no address that can be fetched: {error}", outcome=Outcome.DENIED, transient=False)


def without_login(url: str) -> str:
    """The URL as it may be shown: a user name and password inside are left out."""
    return _LOGIN.sub("//", url, count=1)


def with_url(error: FetchError, url: str) -> FetchError:
    """The error with the URL in front, where its message does not have it."""
    if url in str(error):
        return error
    return FetchError(
        f"{url}: {error}",
        outcome=error.outcome,
        transient=error.transient,
        retry_after_seconds=error.retry_after_seconds,
    )


def _broken_words(error: Exception, url: str, start: bytes) -> str:
    lengths = conflicting_lengths(start)
    if lengths:
        return f"{url} sent a broken response: conflicting Content-Lengths {' and '.join(lengths)}"
    words = opening_words(start)
    if words:
        return f"{url} sent a broken response: no HTTP, it begins with {words}"
    return f"{url} sent a broken response: {error}"


def status_failure(
    url: str, status: int, reason: str, *, retry_after_seconds: float | None, secrets_sent: bool
) -> FetchError:
    """The failure that an answer other than 200 is. 401, 403, 407 and 451 are ACCESS_DENIED, the rest HTTP_ERROR."""
    message = f"{url} answered {status}{' ' + reason if reason else ''}{_meaning(status, secrets_sent)}"
    if status in ACCESS_STATUSES:
        outcome, transient = Outcome.ACCESS_DENIED, False
    else:
        outcome, transient = Outcome.HTTP_ERROR, status in TRANSIENT_STATUSES or status >= 500
    return FetchError(message, outcome=outcome, transient=transient, retry_after_seconds=retry_after_seconds)


def _meaning(status: int, secrets_sent: bool) -> str:
    if status == 401 and secrets_sent:
        return ": the credentials that were sent are not accepted"
    if status == 401:
        return ": the page asks for a login. Credentials can be set for this Source"
    if status == 403:
        return ": the site refuses to show it to us. Ask its keeper, and say who you are in fetch.contact"
    if status == 407:
        return ": a proxy before the site asks for a login. Set fetch.proxy and WATCHER_FETCH__PROXY_LOGIN"
    if status == 451:
        return ": it is blocked for legal reasons"
    if status == 204:
        return ": it has no content"
    if status == 206:
        return ": a part, although the whole was asked for"
    if status == 304:
        return ": not modified, although nothing was said of an earlier copy"
    return ""
