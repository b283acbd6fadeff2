"""A list as it was against the list as it is: which documents came, went, moved or were replaced. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from watcher.model.collection import (
    CollectionItem,
    CollectionRules,
    DocumentStep,
    ItemState,
    ListedDocument,
    Listing,
    folded_title,
    title_without_year,
)

T = TypeVar("T")
K = TypeVar("K")

LEAST_BELIEVED_EMPTY = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """One document: as it was known (`item`, None for a new one) and as it is listed now (`found`, None if it is not).

    `step` is what is told of it, None for nothing.
    """

    item: CollectionItem | None
    found: ListedDocument | None
    state: ItemState
    step: DocumentStep | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Every known document and every new one that is taken. `refused` counts new ones beyond the limit.

    `problem` says why the list was not believed; all documents then stay as they were.
    """

    matches: tuple[Match, ...]
    refused: int = 0
    problem: str = ""


def compare_listings(
    known: Sequence[CollectionItem], listing: Listing, rules: CollectionRules, *, same_rules: bool
) -> Comparison:
    """What became of each document. With other rules than before nothing is told: the list did not change.

    A document is the one that has its address; else the only one with its feed id; else the only one with its title,
    Subject and year.
    """
    listed = [item for item in known if item.state is ItemState.LISTED]
    if same_rules and not listing.documents and not listing.rolls and len(listed) >= LEAST_BELIEVED_EMPTY:
        kept = tuple(Match(item=item, found=None, state=item.state) for item in known)
        return Comparison(matches=kept, problem=_none_left(len(listed)))
    by_address = {document.address: document for document in listing.documents}
    matches = [
        _stayed(item, by_address.pop(item.document.address)) for item in known if item.document.address in by_address
    ]
    there = {match.item.item_id for match in matches if match.item is not None}
    missing = [item for item in known if item.item_id not in there]
    new = [document for document in listing.documents if document.address in by_address]
    moved = _moved([item for item in missing if item.state is not ItemState.EXCLUDED], new)
    matches += moved
    matched = {match.item.item_id for match in moved if match.item is not None}
    matches += [_gone(item, listing, same_rules=same_rules) for item in missing if item.item_id not in matched]
    taken = {match.found.address for match in moved if match.found is not None}
    left = [document for document in new if document.address not in taken]
    room = max(0, rules.most_documents - sum(match.state is ItemState.LISTED for match in matches))
    matches += [
        Match(item=None, found=document, state=ItemState.LISTED, step=DocumentStep.ADDED) for document in left[:room]
    ]
    if not same_rules:
        matches = [replace(match, step=None) for match in matches]
    return Comparison(matches=tuple(matches), refused=len(left[room:]))


def _none_left(count: int) -> str:
    return (
        f"the list shows none of its {count} documents any more: its page was rebuilt, or the rules no longer fit. "
        "Nothing is taken as withdrawn; look at the page and correct link_pattern"
    )


def _stayed(item: CollectionItem, found: ListedDocument) -> Match:
    step = None
    if item.state is ItemState.WITHDRAWN:
        step = DocumentStep.BACK
    elif item.state is ItemState.LISTED and _is_replaced(item.document, found):
        step = DocumentStep.REPLACED
    return Match(item=item, found=found, state=ItemState.LISTED, step=step)


def _is_replaced(old: ListedDocument, new: ListedDocument) -> bool:
    other_date = bool(old.dated and new.dated) and old.dated != new.dated
    return folded_title(old.title) != folded_title(new.title) or other_date


def _gone(item: CollectionItem, listing: Listing, *, same_rules: bool) -> Match:
    if item.state is not ItemState.LISTED:
        return Match(item=item, found=None, state=item.state)
    if not same_rules:
        return Match(item=item, found=None, state=ItemState.EXCLUDED)
    if listing.rolls:
        return Match(item=item, found=None, state=ItemState.LEFT)
    return Match(item=item, found=None, state=ItemState.WITHDRAWN, step=DocumentStep.WITHDRAWN)


def _moved(missing: Sequence[CollectionItem], new: Sequence[ListedDocument]) -> list[Match]:
    by_mark = _pairs(missing, new, lambda document: document.mark)
    paired = {item.item_id for item, _ in by_mark}
    taken = {document.address for _, document in by_mark}
    by_title = _pairs(
        [item for item in missing if item.item_id not in paired],
        [document for document in new if document.address not in taken],
        lambda document: _known_by(document) if document.subject or len(folded_title(document.title)) > 8 else None,
    )
    return [
        Match(item=item, found=found, state=ItemState.LISTED, step=DocumentStep.MOVED)
        for item, found in (*by_mark, *by_title)
    ]


def _known_by(document: ListedDocument) -> tuple[str, str, int | None]:
    return folded_title(document.title), document.subject, document.year


def _pairs(
    items: Iterable[CollectionItem], documents: Iterable[ListedDocument], key: Callable[[ListedDocument], K]
) -> list[tuple[CollectionItem, ListedDocument]]:
    """Items and documents that have the same key, where each side has it once."""
    olds, news = _once(items, lambda item: key(item.document)), _once(documents, key)
    return [(item, news[name]) for name, item in olds.items() if name in news]


def _once(values: Iterable[T], key: Callable[[T], K]) -> dict[K, T]:
    named = [(key(value), value) for value in values]
    counts = Counter(name for name, _ in named)
    return {name: value for name, value in named if name and counts[name] == 1}


def year_before(items: Iterable[CollectionItem], document: ListedDocument) -> list[CollectionItem]:
    """The same documents of earlier years, the newest year first. `items` are the others of the Collection.

    The same are those with its Subject and, but for the year, its title. Where no title fits, as with titles that hold
    a running number: the only document of the Subject in the newest earlier year, if it has only this one in its own.
    """
    if not document.subject or document.year is None:
        return []
    year, title = document.year, title_without_year(document.title)
    own = [item for item in items if item.document.subject == document.subject]
    earlier = sorted(
        (item for item in own if item.document.year is not None and item.document.year < year),
        key=lambda item: (item.document.year or 0, item.first_seen_at, item.item_id),
        reverse=True,
    )
    alike = [item for item in earlier if title_without_year(item.document.title) == title]
    if alike or not earlier:
        return alike
    newest = [item for item in earlier if item.document.year == earlier[0].document.year]
    is_only_one = all(item.document.year != year for item in own)
    return newest if is_only_one and len(newest) == 1 else []
