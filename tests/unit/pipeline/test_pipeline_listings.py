"""A list as it was against the list as it is, by values alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from watcher.model.collection import (
    CollectionItem,
    CollectionRules,
    DocumentStep,
    ItemState,
    ListedDocument,
    Listing,
    item_id,
)
from watcher.pipeline.listings import compare_listings, year_before

MOMENT = datetime(2026, 5, 3, tzinfo=UTC)


def listed(name: str, title: str = "", **more: Any) -> ListedDocument:
    return ListedDocument(address=f"https://example.org/{name}", title=title or name, **more)


def known(document: ListedDocument, state: ItemState = ItemState.LISTED) -> CollectionItem:
    return CollectionItem(
        collection_id="resp",
        item_id=item_id(document.address),
        document=document,
        child_id=f"resp-{document.title}",
        state=state,
        first_seen_at=MOMENT,
        last_seen_at=MOMENT,
    )


def steps(items: list[CollectionItem], *documents: ListedDocument, **rules: Any) -> dict[str, Any]:
    compared = compare_listings(
        items, Listing(documents=documents), CollectionRules(link_pattern=".", **rules), same_rules=True
    )
    return {(match.found or match.item.document).address[20:]: match.step for match in compared.matches if match.step}


def test_a_withdrawn_document_that_comes_back_at_another_address_is_no_new_one() -> None:
    gone = known(listed("a", "Response of Chad", subject="TCD"), ItemState.WITHDRAWN)
    found = steps([gone, known(listed("b"))], listed("b"), listed("c", "Response of Chad", subject="TCD"))
    assert found == {"c": DocumentStep.MOVED}


def test_titles_that_several_documents_share_move_nothing() -> None:
    items = [known(listed("a", "Annual report")), known(listed("b", "Annual report"))]
    found = steps(items, listed("c", "Annual report"), listed("d", "Annual report"))
    assert sorted(found.values()) == ["added", "added", "withdrawn", "withdrawn"]


def test_short_titles_without_a_subject_move_nothing() -> None:
    found = steps([known(listed("a", "PDF")), known(listed("b"))], listed("b"), listed("c", "PDF"))
    assert found == {"a": DocumentStep.WITHDRAWN, "c": DocumentStep.ADDED}


def test_known_documents_keep_their_place_below_the_limit_and_new_ones_fill_it_up() -> None:
    items = [known(listed(name)) for name in "ab"]
    compared = compare_listings(
        items,
        Listing(documents=tuple(listed(name) for name in "xyba")),
        CollectionRules(link_pattern=".", most_documents=3),
        same_rules=True,
    )
    taken = {match.found.title for match in compared.matches if match.found is not None}
    assert (taken, compared.refused) == ({"a", "b", "x"}, 1)


def test_another_date_beside_a_document_says_that_it_was_replaced() -> None:
    found = steps([known(listed("a", dated="3 May 2025"))], listed("a", dated="9 May 2025"))
    assert found == {"a": DocumentStep.REPLACED}
    assert steps([known(listed("a"))], listed("a", dated="9 May 2025")) == {}


def years(*titles_and_years: tuple[str, int]) -> list[CollectionItem]:
    return [
        known(listed(f"{title} {year}", title, subject="KAZ", year=year), ItemState.LISTED)
        for title, year in titles_and_years
    ]


def test_the_newest_earlier_year_of_the_same_title_comes_first() -> None:
    items = years(("Response 2023", 2023), ("Response 2025", 2025), ("Annex 2025", 2025), ("Response 2027", 2027))
    found = year_before(items, listed("new", "Response 2026", subject="KAZ", year=2026))
    assert [item.document.title for item in found] == ["Response 2025", "Response 2023"]


def test_the_only_document_of_the_year_before_is_taken_where_titles_hold_running_numbers() -> None:
    items = years(("FSC.EMI/120/25", 2025), ("FSC.EMI/99/24", 2024))
    new = listed("new", "FSC.EMI/141/26", subject="KAZ", year=2026)
    assert [item.document.title for item in year_before(items, new)] == ["FSC.EMI/120/25"]


def test_no_year_is_guessed_where_a_state_has_several_documents_in_it() -> None:
    new = listed("new", "FSC.EMI/141/26", subject="KAZ", year=2026)
    assert year_before(years(("FSC.EMI/120/25", 2025), ("FSC.EMI/121/25", 2025)), new) == []
    assert year_before(years(("FSC.EMI/120/25", 2025), ("FSC.EMI/150/26", 2026)), new) == []
    assert year_before(years(("Response 2025", 2025)), listed("new", "Response", year=2026)) == []
