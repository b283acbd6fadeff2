from __future__ import annotations

from types import SimpleNamespace

import pytest

from watcher.diff import compare, kind_of
from watcher.model.change import ChangeKind

LATIN = "The State joined the copa accord in May."


def reason_of(build: SimpleNamespace, old: str, new: str) -> str:
    left, right = build.document("A page of a ministry.", old), build.document("A page of a ministry.", new)
    kind, reason = kind_of(left, right, compare(left, right))
    assert kind is ChangeKind.CONTENT
    return reason


@pytest.mark.parametrize(
    ("was", "now", "alphabet"),
    [
        ("copa", "\u0441\u043e\u0440\u0430", "Cyrillic"),
        ("copa", "cop\u0430", "Cyrillic"),
        ("ATOM", "\u0391\u03a4\u039f\u039c", "Greek"),
    ],
)
def test_a_word_in_letters_that_only_look_the_same_is_named(
    build: SimpleNamespace, was: str, now: str, alphabet: str
) -> None:
    reason = reason_of(build, LATIN.replace("copa", was), LATIN.replace("copa", now))
    assert f"“{now}” is written with letters of {alphabet} that look like “{was}”" in reason


def test_a_paragraph_of_such_a_word_alone_is_named(build: SimpleNamespace) -> None:
    assert "letters of Cyrillic" in reason_of(build, "copa", "\u0441\u043e\u0440\u0430")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (LATIN, LATIN.replace("copa", "\u0434\u043e\u0433\u043e\u0432\u043e\u0440")),
        (LATIN, LATIN.replace("copa", "\u0440\u043e\u0441\u0430")),
        (LATIN, "\u0413\u043e\u0441\u0443\u0434\u0430\u0440\u0441\u0442\u0432\u043e, \u0441\u043e\u0440\u0430. " * 4),
    ],
    ids=["a_russian_word", "a_word_that_looks_like_another", "a_russian_text"],
)
def test_words_that_do_not_look_like_what_they_replaced_are_not_named(
    build: SimpleNamespace, old: str, new: str
) -> None:
    assert "letters of" not in reason_of(build, old, new)
