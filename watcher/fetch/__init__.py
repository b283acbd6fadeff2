"""URL → FetchResult: the one door to the network."""

from watcher.fetch.egress import Egress, networks
from watcher.fetch.fetcher import Fetcher, FetchLimits
from watcher.fetch.proxy import Proxy
from watcher.fetch.request import FetchRequest
from watcher.fetch.robots import allows, crawl_delay_seconds
from watcher.fetch.tls import tls_context

__all__ = [
    "Egress",
    "FetchLimits",
    "FetchRequest",
    "Fetcher",
    "Proxy",
    "allows",
    "crawl_delay_seconds",
    "networks",
    "tls_context",
]
