"""The cue language: what a pattern matches and which patterns are refused."""

from __future__ import annotations

import time

import pytest

from watcher.classify.cueindex import MAX_WAYS, CueIndex
from watcher.classify.cues import Cue, compile_cue, compile_sets, one_of
from watcher.classify.words import split_words
from watcher.errors import ConfigError

SETS = compile_sets({"tree": ["[old] (oak|oaks)", "ash*"]})


def _spans(cue: Cue, words: list[str]) -> list[tuple[int, int]]:
    index = CueIndex([cue])
    return index.spans(cue, index.write(words))


def _matches(cue: str, text: str) -> bool:
    return bool(_spans(compile_cue(cue, SETS), split_words(text).words))


@pytest.mark.parametrize(
    ("cue", "text", "expected"),
    [
        ("ratif*", "They ratified it", True),
        ("ratif*", "They unratified it", False),
        ("(cut|felled) {tree}", "We felled old oaks", True),
        ("(cut|felled) {tree}", "We felled pines", False),
        ("cut ...2 {tree}", "cut the very old oak", True),
        ("cut ...2 {tree}", "cut one two three oaks", False),
        ("cut ... {tree}", "cut one; two oaks", False),
        ("# {tree}", "3,500 oaks", True),
        ("# {tree}", "1997 oaks", False),
        ("~ ...3 {tree}", "In 1997 the oak", True),
        ("desarmement", "Désarmement", True),
        ("anti personnel", "anti-personnel", True),
    ],
)
def test_a_cue_matches_words_and_only_those(cue: str, text: str, *, expected: bool) -> None:
    assert _matches(cue, text) is expected


@pytest.mark.parametrize(
    ("cue", "why"),
    [
        ("(cut|felled", "not closed"),
        ("cut)", "closes that was not opened"),
        ("{nothing}", "no set"),
        ("()", "empty"),
        ("...", "must be there"),
        ("[cut]", "must be there"),
        ("cut ...99 oak", "gap"),
        ("cut & run", "no meaning"),
    ],
)
def test_a_cue_that_cannot_be_read_is_refused_with_the_reason(cue: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        compile_cue(cue, SETS)


def test_one_of_prefers_the_longest_wording() -> None:
    cue = one_of(["our", "our country"], {})
    assert _spans(cue, ["in", "our", "country", "our"]) == [(1, 3), (3, 4)]
    assert _spans(one_of(["no ...3 wood", "no more"], {}), ["no", "more", "old", "wood"]) == [(0, 4)]


def test_the_index_offers_every_cue_that_matches() -> None:
    texts = ("cut ... {tree}", "ratif*", "no ...3 wood", "(a|b) c", "? ratify", "[very] old ~")
    cues = [compile_cue(text, SETS) for text in texts]
    index = CueIndex(cues)
    for sentence in ("we cut an oak", "they ratify", "no more wood", "b c", "an old 1997", "nothing"):
        words = split_words(sentence).words
        written = index.write(words)
        matching = {number for number, cue in enumerate(cues) if index.spans(cue, written)}
        possible = index.possible(index.present(words))
        assert matching <= {number for number, cue in enumerate(cues) if possible & index.bits[id(cue)]}
        heard = {weak: {number for number, _, _ in index.found(possible, written, weak=weak)} for weak in (False, True)}
        assert heard[False] | heard[True] == matching
        assert all(cues[number].weak for number in heard[True])


def test_a_cue_of_several_wordings_is_possible_where_all_words_of_one_are_there() -> None:
    cue = one_of(["no doubt", "(spare|spares) no (effort|efforts)", "indeed"], SETS)
    index = CueIndex([], [cue])
    for sentence, may_match in (
        ("no doubt", True),
        ("they spare no effort", True),
        ("indeed", True),
        ("spare no doubts", False),
        ("no effort", False),
    ):
        possible = index.possible(index.present(sentence.split()))
        assert bool(possible & index.bits[id(cue)]) is may_match, sentence


def test_a_cue_whose_gaps_can_be_filled_in_many_ways_matches_the_same_words() -> None:
    cue = compile_cue("(cut|fell down) ...20 {tree} ...20 (in|close to) ...20 (park|old wood)", SETS)
    assert cue.part.ways > MAX_WAYS
    words = split_words("They fell down every oak that stood close to the old wood").words
    assert _spans(cue, words) == [(1, len(words))]
    assert _spans(cue, words[2:]) == []


def test_mentions_are_seen_whether_or_not_a_cue_asks_for_them() -> None:
    index = CueIndex([compile_cue("{state} ...3 ratif*", SETS)])
    assert index.mentions(index.write(["@none", "and", "@st_KAZ", "ratified", "@own"])) == [0, 2, 4]
    of_no_mention = CueIndex([compile_cue("ratif*", SETS)])
    assert of_no_mention.mentions(of_no_mention.write(["we", "ratified", "@own"])) == [2]


def test_a_cue_reads_alike_among_others_that_know_more_words() -> None:
    cue = compile_cue("ratif* ...2 {tree}", SETS)
    among = CueIndex([compile_cue(text, SETS) for text in ("ratify", "rat*", "ratifi* it", "ash", "a|ashen")], [cue])
    for text in ("ratify an oak", "ratified the old ashes", "ratio of oaks", "ratifier ashen", "ratify; ash"):
        words = split_words(text).words
        assert among.spans(cue, among.write(words)) == _spans(cue, words)


def test_matching_time_is_linear_in_a_hostile_sentence() -> None:
    cue = compile_cue("a ...20 a ...20 a ...20 b", {})
    index = CueIndex([cue])
    written = index.write(["a"] * 20_000)
    started = time.perf_counter()
    assert index.spans(cue, written) == []
    assert time.perf_counter() - started < 5.0
