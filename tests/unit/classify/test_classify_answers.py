"""A bare answer says with its question what neither says alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from watcher.classify import Pack, document_positions, find_positions, parse_pack
from watcher.classify.answers import declared
from watcher.classify.words import split_words
from watcher.model.document import Block, BlockKind, Document
from watcher.settings import load_pack_text

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def pack() -> Pack:
    return parse_pack(json.loads(load_pack_text(ROOT / "config", "mine_action").text), file="pack")


def _document(*pairs: tuple[str, str]) -> Document:
    blocks: list[Block] = []
    for number, (question, answer) in enumerate(pairs, start=1):
        blocks.append(Block(kind=BlockKind.QUESTION, text=f"{number}. {question}", anchor=str(number)))
        blocks.append(Block(kind=BlockKind.ANSWER, text=answer, anchor=str(number)))
    return Document(
        title="Reply",
        blocks=tuple(blocks),
        media_type="text/html",
        charset="utf-8",
        extractor="html",
        extractor_version=1,
    )


@pytest.mark.parametrize(
    ("question", "answer", "stance"),
    [
        ("Is your country a State Party to the Mine Ban Convention?", "No.", "not_party"),
        ("Is your country a State Party to the Mine Ban Convention?", "Yes, since 1999.", "state_party"),
        ("Has your country ratified the Anti-Personnel Mine Ban Convention?", "No", "not_party"),
        ("Votre pays est-il partie à la Convention d'Ottawa ?", "Non.", "not_party"),
        ("¿Es su país parte de la Convención de Ottawa?", "No.", "not_party"),
        ("Является ли ваша страна участником Оттавской конвенции?", "Нет.", "not_party"),
    ],
)
def test_an_answer_is_read_with_its_question(pack: Pack, question: str, answer: str, stance: str) -> None:
    document = _document((question, answer))
    found = document_positions(document, subject="KAZ", pack=pack)
    assert [(one.subject, one.indicator, one.stance) for one in found] == [("KAZ", "treaty_status", stance)]
    assert found[0].passage == f"1. {question}\n{answer}"
    assert document.text[found[0].start : found[0].end] == found[0].passage


def test_a_question_asserts_nothing(pack: Pack) -> None:
    document = _document(("Has your country used anti-personnel mines?", "See the annex."))
    assert document_positions(document, subject="KAZ", pack=pack) == ()


def test_an_answer_to_another_question_is_not_taken(pack: Pack) -> None:
    document = _document(("Which treaties has your country joined?", "None."), ("Please describe.", "No."))
    assert document_positions(document, subject="KAZ", pack=pack) == ()


def test_only_questions_that_yes_or_no_answers_become_statements() -> None:
    asked = "3. Does your country produce anti-personnel mines?"
    assert declared(asked, is_so=False) == "Our country does not produce anti-personnel mines."
    assert declared("Does your country produce them? If so, where?", is_so=True) == "Our country does produce them."
    assert declared("Why has your country not joined?", is_so=False) == ""
    assert declared("How many mines did you destroy?", is_so=True) == ""


@pytest.mark.parametrize("unseen", ["\u200b", "\u00ad", "\u2060", "\ufeff"])
def test_059_a_character_that_nobody_sees_hides_no_position(pack: Pack, unseen: str) -> None:
    text = f"Kazakhstan ab{unseen}stained in the vote on resolution 61/84 on land{unseen}mines."
    seen = find_positions(text.replace(unseen, ""), subject="KAZ", pack=pack)
    found = find_positions(text, subject="KAZ", pack=pack)
    assert ("vote", "abstain", text) in [(one.indicator, one.stance, one.passage) for one in found]
    assert [(one.indicator, one.stance) for one in found] == [(one.indicator, one.stance) for one in seen]


def test_059_words_keep_their_places_beside_characters_that_nobody_sees() -> None:
    words = split_words("a\u200b mine\u200b field")
    assert words.words == ["a", "mine", "field"]
    assert [(start, end) for start, end in zip(words.starts, words.ends, strict=True)] == [(0, 1), (3, 7), (9, 14)]
