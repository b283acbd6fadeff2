"""The glossary has one meaning for each term."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

GLOSSARY = Path(__file__).resolve().parents[2] / "docs" / "glossary.md"


def test_no_term_has_two_entries() -> None:
    rows = [line.split("|")[1] for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    terms = Counter(term.strip() for cell in rows for term in cell.split(","))
    assert len(terms) > 20
    assert [term for term, times in terms.items() if times > 1] == []
