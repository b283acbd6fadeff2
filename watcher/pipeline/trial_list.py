"""What a page that was tried lists: the documents by its rules, or the rules that would suit it."""

from __future__ import annotations

from dataclasses import dataclass

from watcher.errors import ExtractError
from watcher.extract.listing import CollectionSuggestion, list_documents, suggest_collection
from watcher.extract.reading import Payload
from watcher.model.collection import CollectionRules, ItemPart, ListedDocument
from watcher.model.document import Document
from watcher.model.source import Definition
from watcher.pipeline.ports import Rooms

EXAMPLES = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class ListFacts:
    """What a Collection's rules find on its page now. `unnamed` have no Subject though the rules ask for one."""

    documents: int
    states: int
    unnamed: int
    refused: int
    examples: tuple[str, ...]


def find_lists(
    rooms: Rooms, definition: Definition, document: Document | None, payload: Payload
) -> tuple[ListFacts | None, CollectionSuggestion | None]:
    """What the rules of a Collection take, or rules for another page that seems to be a list; None where neither."""
    if document is None:
        return None, None
    try:
        if definition.collection is None:
            return None, rooms.children.run(suggest_collection, document, payload, payload.name)
        found = rooms.children.run(list_documents, document, payload, payload.name, definition.collection)
    except ExtractError:
        return None, None
    return _facts(found.documents, definition.collection), None


def _facts(found: tuple[ListedDocument, ...], rules: CollectionRules) -> ListFacts:
    asks = rules.subject_from is not ItemPart.NONE
    return ListFacts(
        documents=len(found),
        states=len({one.subject for one in found if one.subject}),
        unnamed=sum(not one.subject for one in found) if asks else 0,
        refused=max(0, len(found) - rules.most_documents),
        examples=tuple(one.title for one in found[:EXAMPLES]),
    )
