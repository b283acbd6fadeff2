"""Changes and Subscriptions → Digests; channels carry the messages."""

from watcher.alert.compose import (
    Alike,
    alike_key,
    compose,
    longest_gap,
    matches,
    sources_of,
    subjects_of,
    waits,
)

__all__ = [
    "Alike",
    "alike_key",
    "compose",
    "longest_gap",
    "matches",
    "sources_of",
    "subjects_of",
    "waits",
]
