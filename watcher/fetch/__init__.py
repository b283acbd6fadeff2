"""URL → FetchResult: the one door to the network."""

from watcher.fetch.fetcher import Fetcher, FetchLimits, FetchRequest

__all__ = ["FetchLimits", "FetchRequest", "Fetcher"]
