"""What an edit within a passage changes of what it means: figures, polarity, modality, scope, conditions, acts.

Edits are between canonical words (`writing`), so that other ways of writing the same change nothing. Words that only
moved are laid aside first: an active clause made passive or a list put in another order says the same.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from watcher.classify.noise import LONGEST_FIGURE, is_quoted, turns
from watcher.classify.pack import Ladder, Lexicon
from watcher.classify.prose import Edit, Run, alike
from watcher.classify.stems import is_denied, stem
from watcher.classify.writing import BOUND, SCALES, TERM, WEEKDAYS

LONG_EDIT_WORDS = 12
NEAR_WORDS = 6  # edits with no more unchanged words between them are read as one
CONDITION_WORDS = 3  # a condition begins within so many words
ACRONYM_LETTERS = range(2, 7)
BODY_LETTERS = range(3, 6)
NAME_WORDS = 3
PAIR = 2
_ORDINAL = re.compile(r"\d{1,3}(?:st|nd|rd|th)")
_LISTING = frozenset({"and", "or", "nor"})
_DONE = frozenset({"has", "have", "had", "was", "were", "did"})
_TO_COME = frozenset({"will", "shall"})


def content(words: Iterable[str], lexicon: Lexicon) -> list[str]:
    """The words that are no function words."""
    return [word for word in words if word not in lexicon.fillers]


def balance(found: Iterable[Edit], words: frozenset[str]) -> tuple[set[str], set[str]]:
    """Which of `words` are fewer and which are more after all edits together; what only moved is in neither."""
    count: Counter[str] = Counter()
    for edit in found:
        count.update(word for word in edit.new.words if word in words)
        count.subtract(word for word in edit.old.words if word in words)
    return {word for word, change in count.items() if change < 0}, {
        word for word, change in count.items() if change > 0
    }


def without_moves(found: Sequence[Edit], lexicon: Lexicon) -> list[Edit]:
    """The edits without those that only take words from one place to another, whatever their forms."""
    come = [(place, _gist(edit.new, lexicon)) for place, edit in enumerate(found) if not edit.old.words]
    moved: set[int] = set()
    for place, edit in enumerate(found):
        gist = _gist(edit.old, lexicon)
        if edit.new.words or not gist:
            continue
        partner = next((one for one, other in come if gist == other and one not in moved), None)
        if partner is not None:
            moved |= {place, partner}
    return [edit for place, edit in enumerate(found) if place not in moved]


def _gist(run: Run, lexicon: Lexicon) -> Counter[str]:
    return Counter(map(stem, content(run.words, lexicon)))


def in_place(found: list[Edit], old: Sequence[str], new: Sequence[str], lexicon: Lexicon) -> Iterator[str]:
    """Names of the markers in an edited passage; a quotation that came or went whole is told as text only.

    `old` and `new` are all canonical words of the passage.
    """
    quoted = [edit for edit in found if _is_quoted_whole(edit)]
    for edit in quoted:
        yield "text_added" if edit.new.words else "text_removed"
    found = [edit for edit in found if edit not in quoted]
    yield from of_figures(found, old, new, lexicon)
    yield from _of_clauses(found, lexicon)
    yield from _of_words(found, lexicon)


def _is_quoted_whole(edit: Edit) -> bool:
    if edit.old.words and edit.new.words:
        return False
    run = edit.new if edit.new.words else edit.old
    return len(run.words) > LONG_EDIT_WORDS and is_quoted(run.text)


def small_edits(found: Iterable[Edit]) -> list[Edit]:
    """The edits short enough for a single word in them to tell what they change."""
    return [edit for edit in found if len(edit.old.words) + len(edit.new.words) <= LONG_EDIT_WORDS]


def figures(words: Iterable[str]) -> list[str]:
    """The numbers among words, without those too long to count anything."""
    return [word for word in words if word[0] == "#" and not (word[1:].isdigit() and len(word) > LONGEST_FIGURE)]


def of_figures(found: list[Edit], old: Sequence[str], new: Sequence[str], lexicon: Lexicon) -> Iterator[str]:
    """Numbers, dates, units, bounds and terms that are others now; one that is only said once more is no other."""
    gone, come = (figures(words) for words in _words(found))
    if _differ(gone, come, old, new) or _ordinals(found) or _exchange_figures(found) or any(map(_is_scaled, found)):
        yield "number"
    if _dates_differ(found, old, new, lexicon):
        yield "date"
    if all(balance(found, lexicon.units)):
        yield "unit"
    small = small_edits(found)
    marked = frozenset(word for words in _words(small) for word in words if word[0] in BOUND + TERM)
    if any(balance(small, frozenset(word for word in marked if word[0] == BOUND))):
        yield "bound"
    terms = balance(small, frozenset(word for word in marked if word[0] == TERM))
    if all(terms) or any(balance(small, lexicon.deadlines)):
        yield "deadline"


def _words(found: Iterable[Edit]) -> tuple[list[str], list[str]]:
    edits = list(found)
    return [word for edit in edits for word in edit.old.words], [word for edit in edits for word in edit.new.words]


def _differ(gone: Iterable[str], come: Iterable[str], old: Sequence[str], new: Sequence[str]) -> bool:
    before, after = Counter(gone), Counter(come)
    before, after = before - after, after - before
    if before and after:
        return True
    return any(word not in new for word in before) or any(word not in old for word in after)


def _exchange_figures(found: Sequence[Edit]) -> bool:
    """True when nothing but numbers changed places, so that each now counts what another counted."""
    return bool(found) and all(word[0] == "#" for words in _words(found) for word in words)


def _is_scaled(edit: Edit) -> bool:
    """True when "million" and its like came or went alone."""
    return len(edit.old.words) + len(edit.new.words) == 1 and SCALES.issuperset((*edit.old.words, *edit.new.words))


def _ordinals(found: Iterable[Edit]) -> bool:
    for edit in found:
        before = {word for word in edit.old.words if _ORDINAL.fullmatch(word)}
        after = {word for word in edit.new.words if _ORDINAL.fullmatch(word)}
        if before and after and before != after:
            return True
    return False


def _dates_differ(found: list[Edit], old: Sequence[str], new: Sequence[str], lexicon: Lexicon) -> bool:
    gone, come = ([word for word in words if word[0] == "~"] for words in _words(found))
    gone = [word for word in gone if word not in _completing(old, new)]
    come = [word for word in come if word not in _completing(new, old)]
    if _differ(gone, come, old, new) or all(balance(found, WEEKDAYS)):
        return True
    return any(balance(found, lexicon.months - WEEKDAYS - {"may", "march"}))


def _completing(words: Sequence[str], other: Sequence[str]) -> set[str]:
    """The years of `words` that only complete a date which stands in `other` without one."""
    bare = {day for day, after in itertools.pairwise((*other, ".")) if day.startswith("~d") and after[0] != "~"}
    dated = itertools.pairwise(words)
    return {year for day, year in dated if day in bare and year[0] == "~" and year not in other}


def _clusters(found: Iterable[Edit]) -> Iterator[list[Edit]]:
    cluster: list[Edit] = []
    for edit in found:
        if cluster and edit.kept > NEAR_WORDS:
            yield cluster
            cluster = []
        cluster.append(edit)
    if cluster:
        yield cluster


def _of_clauses(found: list[Edit], lexicon: Lexicon) -> Iterator[str]:
    """What is denied, turned into its opposite, made weaker or stronger, made to hang on a condition."""
    for cluster in _clusters(found):
        turned, flips = _negated(cluster, lexicon), _flips(cluster, lexicon)
        if flips and (turned + flips) % 2 == 0:
            continue  # "is not permitted" for "is prohibited"
        if turned:
            yield "negation"
        elif flips:
            yield "opposite"
        if any(_is_weighed_anew(edit, lexicon) for edit in cluster):
            yield "modality"
    if _exchange_roles(found, lexicon):
        yield "actor"
    if any(_is_condition(edit, lexicon) for edit in found) or any(balance(small_edits(found), lexicon.conditions)):
        yield "condition"


def _exchange_roles(found: Sequence[Edit], lexicon: Lexicon) -> bool:
    """True when two names or nouns stand in each other's place, with more between them than a list has."""
    if len(found) != PAIR or not 0 < found[1].kept <= NEAR_WORDS:
        return False
    one, other = found
    if not (content(one.old.words, lexicon) and content(other.old.words, lexicon)):
        return False
    if (one.old.words, one.new.words) != (other.new.words, other.old.words):
        return False
    between = other.before[-min(other.kept, PAIR) :]
    return not _LISTING.intersection(between) and (other.kept > PAIR or bool(set(between) - lexicon.fillers))


def _negated(cluster: Iterable[Edit], lexicon: Lexicon) -> int:
    """How many negative words more, or fewer, there are; words that have an opposite are counted there."""
    sided = frozenset().union(*(side for pair in lexicon.opposites for side in pair))
    before, after = ([word for word in words if word in lexicon.negations] for words in _words(cluster))
    return abs(sum(stem(word) not in sided for word in after) - sum(stem(word) not in sided for word in before))


def _flips(cluster: Iterable[Edit], lexicon: Lexicon) -> int:
    small = small_edits(cluster)
    gone, come = (Counter(map(stem, words)) for words in _words(small))
    gone, come = gone - come, come - gone
    raw = _words(small)
    flipped = {stem(one) for one in raw[0] for other in raw[1] if is_denied(one, other)}
    for one, other in lexicon.opposites:
        for left, right in ((one, other), (other, one)):
            if gone.keys() & left and come.keys() & right and not (come.keys() & left or gone.keys() & right):
                flipped.add(min(gone.keys() & left))
    return len(flipped) or sum(turns(edit, lexicon) for edit in small if len(edit.old.words) == 1)


def _is_weighed_anew(edit: Edit, lexicon: Lexicon) -> bool:
    """True when a step of a ladder stands where another stood, or when a deed is now a purpose."""
    if any(_moved_on(edit, ladder, lexicon) for ladder in lexicon.ladders):
        return True
    old, new = edit.old.words, edit.new.words
    if _DONE.intersection(old) and _TO_COME.intersection(new) and not _TO_COME.intersection(old):
        return len(old) <= NAME_WORDS
    return _is_attenuated(old, new, lexicon) or _is_attenuated(new, old, lexicon)


def _moved_on(edit: Edit, ladder: Ladder, lexicon: Lexicon) -> bool:
    every = frozenset().union(*ladder.steps)
    bare = not content({*edit.old.words, *edit.new.words} - every, lexicon)
    counted = every if bare else every - lexicon.fillers
    before = {step for step, words in enumerate(ladder.steps) if words & counted & set(edit.old.words)}
    after = {step for step, words in enumerate(ladder.steps) if words & counted & set(edit.new.words)}
    return bool(before and after) and before.isdisjoint(after)


def _is_attenuated(plain: Sequence[str], longer: Sequence[str], lexicon: Lexicon) -> bool:
    """True for "completed" against "is planning to complete": the same verb behind one that makes it a purpose."""
    verbs = set(map(stem, content(plain, lexicon)))
    for at, word in enumerate(longer):
        if "to" in longer[:at] and stem(word) in verbs:
            return any(stem(before) in lexicon.attenuators for before in longer[:at])
    return False


def _is_condition(edit: Edit, lexicon: Lexicon) -> bool:
    """True for a clause that came or went and that begins with a condition."""
    for run, other in ((edit.old, edit.new), (edit.new, edit.old)):
        if lexicon.conditions.intersection(run.words[:CONDITION_WORDS]) and not other.words:
            return len(run.words) >= CONDITION_WORDS
    return False


def _of_words(found: list[Edit], lexicon: Lexicon) -> Iterator[str]:
    """Words of a class that are more or fewer, and names that changed."""
    small = small_edits(found)
    whole = [edit for edit in found if not edit.old.words or not edit.new.words]
    for name, where, words in (
        ("hedge", small, lexicon.hedges),
        ("scope", small, lexicon.limits),
        ("attribution", small, lexicon.attributions),
        ("policy_act", whole, lexicon.acts),
        ("group_or_right", [edit for edit in small if edit in whole], lexicon.groups),
        ("eligibility", small, lexicon.eligibility),
    ):
        if any(balance(where, words)):
            yield name
    if any(_is_body(edit, lexicon) for edit in found):
        yield "place_or_organisation"
    elif any(_is_name(edit, lexicon) for edit in found):
        yield "name"


def _is_name(edit: Edit, lexicon: Lexicon) -> bool:
    """True when one proper name stands where another stood."""
    old, new = edit.old, edit.new
    if not 1 <= len(old.words) == len(new.words) <= NAME_WORDS or old.first or new.first:
        return False
    if any(word in lexicon.titles | lexicon.fillers | lexicon.acts for word in (*old.words, *new.words)):
        return False
    return all(shape[0].isupper() for shape in (*old.shapes, *new.shapes))


def _is_body(edit: Edit, lexicon: Lexicon) -> bool:
    """True when a place or an organisation stands where another stood: "Genoa → Nantes County", "WFP → WHO"."""
    old, new = edit.old, edit.new
    if _is_name(edit, lexicon):
        if lexicon.places.intersection((*edit.after, old.words[-1], new.words[-1])):
            return True
        if lexicon.bodies.intersection((*edit.before, *edit.after)):
            return True
    if lexicon.time_zones.issuperset((*old.words, *new.words)):
        return False
    gone, come = _acronyms(old), _acronyms(new)
    others = len(content((*old.words, *new.words), lexicon)) - len(gone) - len(come)
    if others > 1 or max(len(old.words), len(new.words)) > NAME_WORDS:
        return False
    before, after = "".join(old.words), "".join(new.words)
    mended = alike(before, after) or sorted(before) == sorted(after)
    return bool(gone and come) and gone.isdisjoint(come) and not mended


def _acronyms(run: Run) -> set[str]:
    return {shape for shape in run.shapes if len(shape) in BODY_LETTERS and shape.isupper()}


def is_abbreviation(edit: Edit, shapes: Sequence[str]) -> bool:
    """True when an edit only adds, drops or exchanges the short form of a name whose long form it or the passage has.

    `shapes` are the words of the passage as written.
    """
    for run, other in ((edit.old, edit.new), (edit.new, edit.old)):
        if len(run.shapes) == 1 and len(run.shapes[0]) in ACRONYM_LETTERS and run.shapes[0].isupper():
            return _spells(run.shapes[0], other.shapes or shapes)
    return False


def _spells(acronym: str, shapes: Sequence[str]) -> bool:
    initials = "".join(shape[0] for shape in shapes if shape[0].isupper() and shape != acronym)
    return acronym in initials
