"""Changes and Subscriptions → Digests; channels carry the messages."""

from watcher.alert.compose import compose, matches, sources_of, subjects_of

__all__ = ["compose", "matches", "sources_of", "subjects_of"]
