"""URL → FetchResult: the one door to the network."""

from watcher.fetch.browser import BrowserFetcher
from watcher.fetch.browser_launch import BrowserOptions
from watcher.fetch.door import Door
from watcher.fetch.egress import Egress, networks
from watcher.fetch.fetcher import Fetcher, FetchLimits
from watcher.fetch.posting import post
from watcher.fetch.proxy import Proxy
from watcher.fetch.request import FetchRequest
from watcher.fetch.robots import allows, crawl_delay_seconds
from watcher.fetch.tls import authorities_in, tls_context
from watcher.fetch.wire import Wire

__all__ = [
    "BrowserFetcher",
    "BrowserOptions",
    "Door",
    "Egress",
    "FetchLimits",
    "FetchRequest",
    "Fetcher",
    "Proxy",
    "Wire",
    "allows",
    "authorities_in",
    "crawl_delay_seconds",
    "networks",
    "post",
    "tls_context",
]
