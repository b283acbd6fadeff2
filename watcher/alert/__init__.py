"""Changes and Subscriptions → Digests; channels carry the messages."""

from watcher.alert.compose import compose, longest_gap, matches, sources_of, subjects_of

__all__ = ["compose", "longest_gap", "matches", "sources_of", "subjects_of"]
