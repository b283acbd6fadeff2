"""URL → FetchResult: the one door to the network."""

from watcher.fetch.egress import Egress, networks
from watcher.fetch.fetcher import Fetcher, FetchLimits, FetchRequest, tls_context

__all__ = ["Egress", "FetchLimits", "FetchRequest", "Fetcher", "networks", "tls_context"]
