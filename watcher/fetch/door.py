"""One door for all requests: the plain fetcher, or the browser where a Source asks for it."""

from __future__ import annotations

from watcher.fetch.browser import BrowserFetcher
from watcher.fetch.fetcher import Fetcher
from watcher.fetch.request import FetchRequest
from watcher.model.capture import FetchResult


class Door:
    """Fetches for one worker. The browser is shared by all doors; whoever made it closes it."""

    def __init__(self, fetcher: Fetcher, browser: BrowserFetcher) -> None:
        self._fetcher = fetcher
        self._browser = browser

    def fetch(self, request: FetchRequest) -> FetchResult:
        """One attempt; failures are values."""
        return self._browser.fetch(request) if request.browser else self._fetcher.fetch(request)

    def close(self) -> None:
        """Close this door's own connections."""
        self._fetcher.close()
