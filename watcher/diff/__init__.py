"""Two Documents into a Diff. Pure: no I/O, no clock, no randomness; the same input gives the same result."""

from watcher.diff.blocks import DIFFER, DIFFER_VERSION, compare
from watcher.diff.exact import apply
from watcher.diff.kinds import kind_of
from watcher.diff.links import is_address, leads_elsewhere, shown_addresses
from watcher.diff.questions import AnswerStep, QuestionStep, compare_questionnaires, likeness, word_weights
from watcher.diff.tables import table_headings
from watcher.diff.volatile import value_shape
from watcher.diff.words import word_edits

__all__ = [
    "DIFFER",
    "DIFFER_VERSION",
    "AnswerStep",
    "QuestionStep",
    "apply",
    "compare",
    "compare_questionnaires",
    "is_address",
    "kind_of",
    "leads_elsewhere",
    "likeness",
    "shown_addresses",
    "table_headings",
    "value_shape",
    "word_edits",
    "word_weights",
]
