"""Changes and Subscriptions → Digests; channels carry the messages."""

from watcher.alert.compose import (
    NOTHING_BEFORE,
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
    "NOTHING_BEFORE",
    "Alike",
    "alike_key",
    "compose",
    "longest_gap",
    "matches",
    "sources_of",
    "subjects_of",
    "waits",
]
