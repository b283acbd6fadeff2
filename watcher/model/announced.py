"""What a newly listed document states, as it is told beside its announcement."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.model.board import Cell
from watcher.model.collection import DocumentEvent


@dataclass(frozen=True, kw_only=True, slots=True)
class Announced:
    """A document that a list came to show, with what its first readable Version states of its Subjects.

    `cells` are one for each Subject and Indicator, in the order in which they are told; of a document without Subject
    they are of anybody. `unread` says why there is no Version yet; `version_id` is then "". `subjects` are those of the
    document's Source.
    """

    document: DocumentEvent
    subjects: tuple[str, ...] = ()
    version_id: str = ""
    unread: str = ""
    cells: tuple[Cell, ...] = ()
