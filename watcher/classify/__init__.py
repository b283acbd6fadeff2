"""From words to Positions: packs, markers, significance, depositary events. Pure: no I/O, no clock, no randomness."""

from __future__ import annotations

from watcher.classify.answers import document_positions
from watcher.classify.clauses import clause_of
from watcher.classify.depositary import depositary_events
from watcher.classify.examples import ExampleResult, check_examples
from watcher.classify.judge import judge
from watcher.classify.markers import points_beside
from watcher.classify.pack import Example, Pack
from watcher.classify.packfile import parse_pack
from watcher.classify.packmerge import EXTENDS, merge_packs
from watcher.classify.positions import Explained, explain_positions, find_positions, speaks_of_field
from watcher.classify.status import table_positions

__all__ = [
    "EXTENDS",
    "Example",
    "ExampleResult",
    "Explained",
    "Pack",
    "check_examples",
    "clause_of",
    "depositary_events",
    "document_positions",
    "explain_positions",
    "find_positions",
    "judge",
    "merge_packs",
    "parse_pack",
    "points_beside",
    "speaks_of_field",
    "table_positions",
]
